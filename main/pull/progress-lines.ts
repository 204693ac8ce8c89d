/** Parses the progress stream of a pull: one JSON object per line. */
import * as v from 'valibot'

const line = v.object({
  id: v.optional(v.string()),
  status: v.optional(v.string()),
  progressDetail: v.nullish(
    v.object({ current: v.optional(v.number()), total: v.optional(v.number()), units: v.optional(v.string()) }),
  ),
  errorDetail: v.nullish(v.object({ message: v.optional(v.string()) })),
  error: v.optional(v.string()),
})
export type ProgressLine = v.InferOutput<typeof line>

/** Yields the lines of a stream. A chunk may end inside a line or a character. Invalid lines are skipped. */
export async function* progressLines(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<ProgressLine> {
  const decoder = new TextDecoder()
  let buffered = ''
  for await (const chunk of chunks) {
    buffered += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const lines = buffered.split('\n')
    buffered = lines.pop() ?? ''
    yield* lines.flatMap(parseLine)
  }
  yield* parseLine(buffered)
}

function parseLine(text: string): ProgressLine[] {
  try {
    const parsed = v.safeParse(line, JSON.parse(text))
    return parsed.success ? [parsed.output] : []
  } catch {
    return []
  }
}
