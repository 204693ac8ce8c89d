/** Docker Hub's mirrors: which there are, and which of them work from this computer. */
import * as v from 'valibot'
import type { Probe, Vouched } from '../../model/mirrors/race.ts'
import { call, event, type } from './define.ts'
import type { Failure } from './errors.ts'
import type { JobId } from './jobs.ts'
import type { Language } from './settings.ts'

/** What is known of a mirror from public texts, as of its month: nobody has tried it for this. */
export interface KnownMirror {
  readonly operator?: Readonly<Record<Language, string>>
  /** Who may use it: everyone, whoever is in mainland China, has an account, is in its own network, has its device. */
  readonly access: 'public' | 'region' | 'account' | 'network' | 'vendor'
  /** When it was last said to live, `2026-09`. */
  readonly seen?: string
  /** The sources do not agree. */
  readonly uncertain: boolean
  /** It is no more; since when, as far as is known, else empty. */
  readonly closed?: string
  readonly note?: Readonly<Record<Language, string>>
}

export interface Mirror {
  /** `https://docker.1ms.run`; of those that want an account, a form of it: `https://<id>.mirror.aliyuncs.com`. */
  readonly address: string
  /** Without the scheme: what people know it by. */
  readonly host: string
  /** The user's own, to be changed and removed. */
  readonly own: boolean
  readonly known?: KnownMirror
}

export type MirrorProbe = Probe<Failure>

/** Docker Hub's own place among the probes. */
export const hubAddress = 'https://registry-1.docker.io'

export interface MirrorRace extends Vouched {
  readonly job: JobId
  /** With which image, as `alpine:latest`. */
  readonly image: string
  /** Seconds since 1970. */
  readonly started: number
  readonly ended?: number | undefined
  /** It was given up: not all were asked, or only in an earlier race with the same image. */
  readonly cut?: boolean | undefined
  /** By address; Docker Hub's among them. */
  readonly probes: Readonly<Record<string, MirrorProbe>>
}

export interface Mirrors {
  /** When the catalogue was written. */
  readonly asOf: string
  /** Those that are tested: the user's own first, in the user's order, then the known ones. */
  readonly tested: readonly Mirror[]
  /** Those that are not: closed, or for few, and not among the user's own. */
  readonly folded: readonly Mirror[]
  /** What they would be tested with: the image of Docker Hub that was pulled or tested with last, else a small one. */
  readonly image: string
  /** The last race, or the one that is on. */
  readonly race?: MirrorRace | undefined
}

export interface ImportedMirrors {
  readonly added: number
  readonly known: number
  /** For which the list had no room. */
  readonly left: number
  /** What could not be read as an address, by line; in JSON (`isList`), by its place in the list. */
  readonly wrong: readonly { readonly line: number; readonly text: string }[]
  readonly isList: boolean
}

const address = v.pipe(v.string(), v.nonEmpty(), v.maxLength(300))
const reference = v.pipe(v.string(), v.nonEmpty(), v.maxLength(400))

export const calls = {
  'mirrors.get': call(v.undefined(), type<Mirrors>()),
  /** Asks all that are tested anew, but those that asked to be left alone for a while. */
  'mirrors.race': call(reference, type<JobId>()),
  'mirrors.add': call(address, type<void>()),
  'mirrors.change': call(v.object({ from: address, to: address }), type<void>()),
  'mirrors.remove': call(address, type<void>()),
  /** Two of the user's own change places. */
  'mirrors.swap': call(v.tuple([address, address]), type<void>()),
  /** From a file that the user chooses; nothing where they think better of it. */
  'mirrors.import': call(v.undefined(), type<ImportedMirrors | undefined>()),
  /** Into a file that the user chooses: the user's own. Whether it was written. */
  'mirrors.export': call(v.undefined(), type<boolean>()),
}
export const events = { 'mirrors.changed': event<Mirrors>() }
