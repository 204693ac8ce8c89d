/** Reads an object field by field. Values that do not match their schema are omitted, and their paths are reported. */
import * as v from 'valibot'

export interface Fields {
  /** @returns the field or, if it is missing or invalid, the schema's default. The schema must accept undefined. */
  value<S extends v.GenericSchema>(key: string, schema: S): v.InferOutput<S>
  /** @returns the items of a list that match the schema */
  list<S extends v.GenericSchema>(key: string, schema: S): v.InferOutput<S>[]
  /** @returns the entries of a map whose values match the schema */
  map<S extends v.GenericSchema>(key: string, schema: S): Record<string, v.InferOutput<S>>
  /** @returns the entries of a map whose values are objects; `read` reads each value field by field */
  objects<T>(key: string, read: (fields: Fields) => T): Record<string, T>
}

/** @param onInvalid called with the path of each value that does not match its schema, such as `removals.3` */
export function fieldsOf(
  source: Readonly<Record<string, unknown>>,
  onInvalid: (path: string) => void,
  parent = '',
): Fields {
  const pathOf = (...keys: (string | number)[]) => [...(parent ? [parent] : []), ...keys].join('.')

  function parseValue<S extends v.GenericSchema>(path: string, schema: S, value: unknown): v.InferOutput<S>[] {
    const result = v.safeParse(schema, value)
    if (!result.success) onInvalid(path)
    return result.success ? [result.output] : []
  }

  function entries(key: string): [string, unknown][] {
    const map = source[key]
    if (isObject(map)) return Object.entries(map)
    if (map !== undefined) onInvalid(pathOf(key))
    return []
  }

  return {
    value(key, schema) {
      const [value = v.parse(schema, undefined)] = parseValue(pathOf(key), schema, source[key])
      return value
    },
    list(key, schema) {
      const list = source[key]
      if (Array.isArray(list)) return list.flatMap((item, index) => parseValue(pathOf(key, index), schema, item))
      if (list !== undefined) onInvalid(pathOf(key))
      return []
    },
    map: (key, schema) =>
      Object.fromEntries(
        entries(key).flatMap(([name, value]) =>
          parseValue(pathOf(key, name), schema, value).map((output) => [name, output] as const),
        ),
      ),
    objects: (key, read) =>
      Object.fromEntries(
        entries(key).flatMap(([name, value]) => {
          if (isObject(value)) return [[name, read(fieldsOf(value, onInvalid, pathOf(key, name)))] as const]
          onInvalid(pathOf(key, name))
          return []
        }),
      ),
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
