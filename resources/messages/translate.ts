/** Messages with parameters and plurals; what is missing or misnamed in a call or a translation fails the type check. */
import { plain } from '../../model/text/plain.ts'

/** One text, or one for each plural form that the language has. `{name}` stands for a parameter, `{n}` for a number. */
export type Text = string | ({ readonly other: string } & Partial<Record<Intl.LDMLPluralRule, string>>)

type Wording<T> = T extends string ? T : T extends { other: infer Other extends string } ? Other : never
type Parameter<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Parameter<Rest> : never
export type Arguments<T> = [Parameter<Wording<T>>] extends [never]
  ? []
  : [{ readonly [Name in Parameter<Wording<T>>]: Name extends 'n' ? number : string }]

/** A translation has the same keys, and in each text only parameters that the original has too. */
export type Translation<Original extends Record<string, Text>> = { readonly [Key in keyof Original]: Text }

/** The keys whose parameters differ from the original's: must be none. */
export type Misnamed<Original extends Record<string, Text>, Other extends Translation<Original>> = {
  [Key in keyof Original]: [Parameter<Wording<Original[Key]>>, Parameter<Wording<Other[Key]>>] extends [
    Parameter<Wording<Other[Key]>>,
    Parameter<Wording<Original[Key]>>,
  ]
    ? never
    : Key
}[keyof Original]

// Made once a language: making one takes longer than all the rest of a message.
const once = <T>(make: (language: string) => T) => {
  const made = new Map<string, T>()
  return (language: string): T => made.get(language) ?? made.set(language, make(language)).get(language)!
}
const plural = once((language) => new Intl.PluralRules(language))
const number = once((language) => new Intl.NumberFormat(language))

/**
 * The message in words: plural form chosen by `n`, numbers in the language's digits and grouping. Texts are made
 * `plain`, as most come from outside.
 */
export function phrase(text: Text, values: Readonly<Record<string, string | number>>, language: string): string {
  const form = typeof text === 'string' ? text : (text[plural(language).select(Number(values['n']))] ?? text.other)
  return form.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name] ?? ''
    return typeof value === 'number' ? number(language).format(value) : plain(value)
  })
}
