import { remember } from '../event/remember.ts'

/** Host and path of a URL, without userinfo, query and fragment; '' for what cannot be read. */
export const splitUrl: (text: string) => { readonly host: string; readonly path: string } = remember(split)

function split(text: string): { host: string; path: string } {
  if (text === '') return { host: '', path: '' }
  if (URL.canParse(text)) {
    const url = new URL(text)
    return { host: url.hostname, path: url.pathname }
  }
  return { host: '', path: text.split(/[?#]/, 1)[0] ?? '' }
}
