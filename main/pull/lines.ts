/** What the engine says while it pulls: a line of JSON each. */
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
export type SaidLine = v.InferOutput<typeof line>

/** The lines of a stream. A chunk may end within a line, and within a character. What is no such line is left out. */
export async function* saidLines(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<SaidLine> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const whole = rest.split('\n')
    rest = whole.pop() ?? ''
    yield* whole.flatMap(parsed)
  }
  yield* parsed(rest)
}

function parsed(text: string): SaidLine[] {
  try {
    const found = v.safeParse(line, JSON.parse(text))
    return found.success ? [found.output] : []
  } catch {
    return []
  }
}
