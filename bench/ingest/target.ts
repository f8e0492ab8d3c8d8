/** What is measured: a running receiver of OTLP that delivers rows somewhere. */
export interface Target {
  readonly name: string
  readonly pid: number
  readonly otlpUrl: string
  /** What it acknowledged must arrive, or the bench fails. What others lose is told in the table. */
  readonly mustDeliverAll: boolean
  /** Rows that have arrived where they are delivered to. */
  deliveredRows(): Promise<number>
  /** Stops it, and checks that so many rows are stored. @throws Error on any other number, where it must deliver all. */
  stop(expectedRows: number): Promise<void>
}

export type StartTarget = () => Promise<Target>
