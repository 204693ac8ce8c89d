/** Mirrors of Docker Hub: those of the catalogue, the user's own, and which of them work from this computer. */
import * as v from 'valibot'
import type { FailingMirror as Failing } from '../../model/mirrors/in-force.ts'
import type { Probe, DigestConfirmations } from '../../model/mirrors/race.ts'
import { call, event, type } from './define.ts'
import type { Failure } from './errors.ts'
import type { JobId } from './jobs.ts'
import type { Language } from './settings.ts'

/** What public sources say about a mirror, as of the month `seen`. Not verified by a test. */
export interface KnownMirror {
  readonly operator?: Readonly<Record<Language, string>>
  /**
   * Who can use the mirror. `region`: users in mainland China; `account`: users with an account at the operator;
   * `network`: computers in the operator's network; `vendor`: owners of the vendor's devices.
   */
  readonly access: 'public' | 'region' | 'account' | 'network' | 'vendor'
  /** Month in which the mirror was last reported to work: `2026-09`. */
  readonly seen?: string
  /** The sources disagree. */
  readonly uncertain: boolean
  /** Set if the mirror is closed: since when, or empty if unknown. */
  readonly closed?: string
  readonly note?: Readonly<Record<Language, string>>
}

export interface Mirror {
  /** `https://docker.1ms.run`, or a pattern if each account has its own one: `https://<id>.mirror.aliyuncs.com`. */
  readonly address: string
  /** The address without its scheme, for display. */
  readonly host: string
  /** Whether the user added the mirror and can change or remove it. */
  readonly own: boolean
  readonly known?: KnownMirror
}

export type MirrorProbe = Probe<Failure>
/** A mirror that the engine uses and that failed in the last check. */
export type FailingMirror = Failing<Failure>

/** Docker Hub's key among the probes. */
export const hubAddress = 'https://registry-1.docker.io'

export interface MirrorRace extends DigestConfirmations {
  readonly job: JobId
  /** The image that the mirrors are tested with, such as `alpine:latest`. */
  readonly image: string
  /** Seconds since 1970. */
  readonly started: number
  readonly ended?: number | undefined
  /** Whether the race was cancelled: mirrors may have no result, or one of an earlier race with the same image. */
  readonly cancelled?: boolean | undefined
  /** By address, including Docker Hub's. */
  readonly probes: Readonly<Record<string, MirrorProbe>>
}

export interface Mirrors {
  /** The date of the catalogue. */
  readonly asOf: string
  /** The mirrors to test: the user's own first, in the user's order, then those of the catalogue. */
  readonly tested: readonly Mirror[]
  /** Mirrors of the catalogue that are not tested: closed ones, and those with the access `account` or `vendor`. */
  readonly untested: readonly Mirror[]
  /** The image for the next race: the last Docker Hub image that was pulled or used in a race, else a small one. */
  readonly image: string
  /** The last race, or the running one. */
  readonly race?: MirrorRace | undefined
  /** Mirrors that the engine uses and that do not work, in the engine's order. */
  readonly failing: readonly FailingMirror[]
}

export interface ImportedMirrors {
  readonly added: number
  /** Number of mirrors that were already in the list. */
  readonly alreadyListed: number
  /** Number of mirrors that did not fit in the list. */
  readonly notAdded: number
  /** Invalid addresses by line number or, in JSON (`isJson`), by position in the list. */
  readonly invalid: readonly { readonly line: number; readonly text: string }[]
  /** Whether the file is JSON: a list, or an object such as a daemon.json. */
  readonly isJson: boolean
}

const address = v.pipe(v.string(), v.nonEmpty(), v.maxLength(300))
const reference = v.pipe(v.string(), v.nonEmpty(), v.maxLength(400))

export const calls = {
  'mirrors.get': call(v.undefined(), type<Mirrors>()),
  /**
   * Tests Docker Hub, the mirrors in `tested` and those that the engine uses, except mirrors whose rate limit has not
   * expired. If a race is running, returns its job.
   */
  'mirrors.race': call(reference, type<JobId>()),
  'mirrors.add': call(address, type<void>()),
  'mirrors.change': call(v.object({ from: address, to: address }), type<void>()),
  'mirrors.remove': call(address, type<void>()),
  /** Swaps the positions of two of the user's own mirrors. */
  'mirrors.swap': call(v.tuple([address, address]), type<void>()),
  /** Imports from a file that the user chooses; undefined if the user cancels. */
  'mirrors.import': call(v.undefined(), type<ImportedMirrors | undefined>()),
  /** Exports the user's own mirrors to a file that the user chooses. Resolves with false if the user cancels. */
  'mirrors.export': call(v.undefined(), type<boolean>()),
}
export const events = { 'mirrors.changed': event<Mirrors>() }
