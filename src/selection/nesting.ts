/** Lists within lists that an attribute value may have. Real values have one or two. */
export const maxAnyValueDepth = 32

/** Objects and arrays within each other that a JSON body may have: more than `maxAnyValueDepth` needs. */
export const maxJsonDepth = 256
