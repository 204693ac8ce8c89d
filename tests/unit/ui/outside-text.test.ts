/** Attributes whose text is shown or read aloud: no character in them may hide or reorder the others. */
import { readFileSync, readdirSync } from 'node:fs'
import { parse, type AST } from 'svelte/compiler'
import { expect, test } from 'vitest'

const shownAttributes = /^(?:title|alt|placeholder|aria-(?:label|description|valuetext|roledescription))$/
/** These return text without hidden characters. */
const safeFunctions = /^(?:t|plain|ago|dateTime|size|sizeRange|count|duration)$/

type Expression = AST.ExpressionTag['expression']

/** @returns the parts of an expression that may have any character */
function unsafeParts(expression: Expression): Expression[] {
  switch (expression.type) {
    case 'Literal':
      return []
    case 'TemplateLiteral':
      return expression.expressions.flatMap(unsafeParts)
    case 'ConditionalExpression':
      return [expression.consequent, expression.alternate].flatMap(unsafeParts)
    case 'LogicalExpression':
      return [...(expression.operator === '&&' ? [] : [expression.left]), expression.right].flatMap(unsafeParts)
    case 'CallExpression':
      return expression.callee.type === 'Identifier' && safeFunctions.test(expression.callee.name) ? [] : [expression]
    default:
      return expression.type === 'Identifier' && expression.name === 'undefined' ? [] : [expression]
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** @returns the elements in a part of a template, and the components that hand their attributes on */
function elementsIn(part: unknown): (AST.RegularElement | AST.Component)[] {
  if (!isObject(part)) return []
  const own = isElement(part) ? [part] : []
  return [...own, ...Object.values(part).flatMap(elementsIn)]
}
const isElement = (part: object): part is AST.RegularElement | AST.Component =>
  'type' in part &&
  (part.type === 'RegularElement' ||
    (part.type === 'Component' && 'name' in part && /^(?:Button|TextField|RowInput)$/.test(String(part.name))))

/** @returns the attributes of a component's markup that may have any character, such as `title={name}` */
function unsafeAttributes(source: string): string[] {
  return elementsIn(parse(source, { modern: true }).fragment).flatMap(({ attributes }) =>
    attributes.flatMap((attribute) => {
      if (attribute.type !== 'Attribute' || !shownAttributes.test(attribute.name)) return []
      const parts = attribute.value === true ? [] : [attribute.value].flat()
      const isUnsafe = parts.some((part) => part.type === 'ExpressionTag' && unsafeParts(part.expression).length > 0)
      return isUnsafe ? [source.slice(attribute.start, attribute.end)] : []
    }),
  )
}

test.each([
  ['<b title={name}></b>', ['title={name}']],
  ['{#if a}<b aria-label="{t("x")}: {name}"></b>{/if}', ['aria-label="{t("x")}: {name}"']],
  ['<b {title}></b>', ['{title}']],
  ['<Button title={isLong ? name : undefined}></Button>', ['title={isLong ? name : undefined}']],
  ['<b title={name && plain(name)} alt="x" placeholder={`${count(3)} ${t("x")}`}></b>', []],
])('the rule finds %s', (markup, found) => {
  expect(unsafeAttributes(markup)).toEqual(found)
})

const components = readdirSync('renderer', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.svelte'),
)

test.each(components)('%s shows no text as a tooltip or label that could hide or reorder characters', (file) => {
  expect(unsafeAttributes(readFileSync(`renderer/${file}`, 'utf8'))).toEqual([])
})
