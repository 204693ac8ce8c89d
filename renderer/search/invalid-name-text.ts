/** Why an image name is invalid. */
import type { NameFault } from '../../model/search/query.ts'
import { t } from '../ui/i18n.svelte.ts'

export function invalidNameText(why: NameFault): string {
  switch (why) {
    case 'capitals':
      return t('discover.wrong.capitals')
    case 'no-tag':
      return t('discover.wrong.no-tag')
    case 'tag':
      return t('discover.wrong.tag')
    case 'digest':
      return t('discover.wrong.digest')
    case 'characters':
      return t('discover.wrong.characters')
    case 'page':
      return t('discover.wrong.page')
  }
}
