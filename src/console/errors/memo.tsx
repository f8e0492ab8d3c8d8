import { Component, type ComponentType, h } from 'preact'

/** A component that is drawn anew only when one of its properties is another one. */
export function memo<Props extends object>(inner: ComponentType<Props>): ComponentType<Props> {
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const [before, after] = [this.props as Record<string, unknown>, next as Record<string, unknown>]
      return Object.keys(after).some((name) => before[name] !== after[name])
    }
    override render() {
      return h(inner, this.props)
    }
  }
}
