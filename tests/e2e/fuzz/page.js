// Runs in the fuzzed page. Defines `fuzz`, which makes calls and judges their answers, and what their sources use.
;(() => {
  /** Strings of answers by kind, oldest first. */
  const strings = {}
  const maxStrings = 400
  const kinds = [
    ['image', /^sha256:[0-9a-f]{64}$/],
    ['container', /^[0-9a-f]{64}$/],
    ['uuid', /^[0-9a-f]{8}-[0-9a-f-]{27}$/],
  ]

  const remember = (kind, text) => {
    const list = (strings[kind] ??= [])
    list.push(text)
    if (list.length > maxStrings) list.shift()
  }
  const rememberAll = (value, depth = 0) => {
    if (typeof value === 'string') {
      if (value.length > 400) return
      remember(kinds.find(([, pattern]) => pattern.test(value))?.[0] ?? 'any', value)
    } else if (typeof value === 'object' && value !== null && depth < 5 && !ArrayBuffer.isView(value)) {
      for (const inner of Object.values(value).slice(0, 30)) rememberAll(inner, depth + 1)
    }
  }

  window.known = (kind, index) => {
    const list = strings[kind] ?? strings.any ?? ['x']
    return list[list.length - 1 - (index % list.length)]
  }
  window.nested = (depth) => {
    let value = []
    for (let level = 0; level < depth; level++) value = level % 2 ? [value] : { value }
    return value
  }

  /** Outcomes that have not been fetched, and how many calls have no answer, by call. */
  let outcomes = []
  const unanswered = new Map()

  const judge = (answer, codes) => {
    if (answer?.ok === true && Object.hasOwn(answer, 'value')) return 'ok'
    const code = answer?.ok === false ? answer.error?.code : undefined
    return typeof code === 'string' && codes.includes(code) ? code : `malformed: ${JSON.stringify(answer)}`
  }

  const make = async ({ index, name, input }, codes) => {
    let outcome
    unanswered.set(index, true)
    try {
      const callName = name()
      const answer = await slipway.call(callName, input())
      outcome = judge(answer, codes)
      if (answer?.ok) {
        rememberAll(answer.value)
        if (typeof answer.value?.id === 'string') remember(callName, answer.value.id)
      }
    } catch (error) {
      outcome = `rejected: ${error}`
    }
    unanswered.delete(index)
    outcomes.push([index, outcome])
  }

  window.fuzz = {
    /** Makes the sequences at once. Waits at least `paceMs`, and no longer than `waitMs` for answers. */
    async run(sequences, codes, { paceMs, waitMs }) {
      const all = sequences.map(async (calls) => {
        for (const call of calls) await make(call, codes)
      })
      const pace = new Promise((resolve) => setTimeout(resolve, paceMs))
      const limit = new Promise((resolve) => setTimeout(resolve, waitMs))
      await Promise.race([Promise.all([...all, pace]), limit])
    },
    fetch() {
      const fetched = outcomes
      outcomes = []
      return { outcomes: fetched, unanswered: [...unanswered.keys()] }
    },
    /** Ends what the calls have started, so that none of it counts as growth. */
    async end() {
      const [terminals, jobs] = [await slipway.call('terminals.list'), await slipway.call('jobs.list')]
      // After a flood, main is busy for a while.
      if (!terminals.ok || !jobs.ok) return ['busy']
      for (const { id } of terminals.value) await slipway.call('terminals.close', id)
      const running = jobs.value.filter(({ state }) => state === 'running')
      for (const { id } of running) await slipway.call('jobs.cancel', id)
      await slipway.call('jobs.clear')
      return running.map(({ subject }) => subject.kind)
    },
  }
})()
