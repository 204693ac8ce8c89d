/** Why a text is not a valid mirror address, and what to enter instead. */
import type { AddressFault } from '../../model/mirrors/address.ts'
import { t } from './i18n.svelte.ts'

export function mirrorAddressText(why: AddressFault): string {
  switch (why) {
    case 'nothing':
      return t('mirrors.addressHint')
    case 'several':
      return t('mirrors.wrong.several')
    case 'scheme':
      return t('mirrors.wrong.scheme')
    case 'user':
      return t('mirrors.wrong.user')
    case 'query':
    case 'fragment':
      return t('mirrors.wrong.query')
    case 'path':
      return t('mirrors.wrong.path')
    case 'not-ascii':
      return t('mirrors.wrong.not-ascii')
    case 'brackets':
      return t('mirrors.wrong.brackets')
    case 'host':
      return t('mirrors.wrong.host')
    case 'port':
      return t('mirrors.wrong.port')
  }
}
