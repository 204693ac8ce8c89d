/** The variables of the user's login shell that the next start uses before the shell is read again. */
import * as v from 'valibot'
import { isUsableValue } from '../../model/environment/printed.ts'
import { variableNames, type Variables } from '../../model/environment/variables.ts'
import type { Fields } from './fields.ts'
import type { StoredFile } from './file.ts'

const value = v.optional(v.pipe(v.string(), v.check(isUsableValue)))

export interface EnvironmentFile {
  /** The path of the login shell that was read. */
  readonly shell?: string | undefined
  readonly variables: Variables
}
export const readEnvironment = (fields: Fields): EnvironmentFile => {
  const variables = fields.map('variables', value)
  return {
    shell: fields.value('shell', value),
    variables: Object.fromEntries(
      variableNames.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]])),
    ),
  }
}
export type EnvironmentStore = StoredFile<EnvironmentFile>
