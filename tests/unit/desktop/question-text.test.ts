import { expect, test } from 'vitest'
import { folderQuestionText, linkQuestionText } from '../../../main/desktop/question-text.ts'
import type { FolderToAllow } from '../../../model/run/mount-question.ts'

const folder = (path: string, more: Partial<FolderToAllow> = {}): FolderToAllow => ({
  ...{ row: 0, path, canWrite: true, isSystem: false },
  ...more,
})
const names = { reference: 'nginx:1.27', name: '' }

test('the question about a folder names the container, the folder and whether the container can change it', () => {
  expect(folderQuestionText('en', names, [folder('/home/ada/site')])).toEqual({
    title: 'Let nginx:1.27 use this folder?',
    detail: '/home/ada/site (can change it)',
    ...{ no: 'Don’t allow', yes: 'Allow' },
  })
  expect(folderQuestionText('zh-CN', { ...names, name: 'web' }, [folder('/mnt', { canWrite: false })])).toEqual({
    title: '允许 web (nginx:1.27) 使用以下文件夹？',
    detail: '/mnt（只读）',
    ...{ no: '不允许', yes: '允许' },
  })
})

test('the question says which folders belong to the system, and where a link leads', () => {
  const folders = [folder('/home/ada/x', { target: '/etc', isSystem: true, canWrite: false }), folder('/mnt')]
  const { title, detail } = folderQuestionText('en', names, folders)
  expect(title).toBe('Let nginx:1.27 use these folders?')
  expect(detail).toBe(
    '/mnt (can change it)\n\n/home/ada/x → /etc (read-only)\n\nThis belongs to the system. With it, the container could take over the computer. Allow it only if you trust the image.',
  )
})

test('names and paths cannot write the question: control and bidirectional characters are shown, and long texts are cut', () => {
  const long = `/home/${'x'.repeat(5000)}/end`
  const reference = `sha256:${'3f8a'.repeat(16)}`
  const { title, detail } = folderQuestionText('en', { reference, name: 'n'.repeat(500) }, [
    folder('/mnt/a\n(read-only)\u202e'),
    folder(long),
  ])
  expect(title).toMatch(/^Let n{49}…n{49} \(3f8a3f8a3f8a\) use these folders\?$/)
  expect(detail).toMatch(/^\/mnt\/a \(read-only\)⟨U\+202E⟩ \(can change it\)\n\/home\/x+…x+\/end \(can change it\)$/)
  expect(detail.length).toBeLessThan(400)
})

test.each([
  ['https://docs.docker.com/engine/install/', 'docs.docker.com', 'https://docs.docker.com/engine/install/'],
  // A Cyrillic a.
  ['https://dоcker.com/', 'xn--dcker-jye.com', 'https://xn--dcker-jye.com/'],
  ['https://docker.com@evil.example/a b\u202e', 'evil.example', 'https://docker.com@evil.example/a%20b%E2%80%AE'],
  ['http://2130706433:80/', '127.0.0.1', 'http://127.0.0.1/'],
])('the question about the link %s shows the parsed address', (address, host, shown) => {
  const { title, detail } = linkQuestionText('en', new URL(address))
  expect(title).toBe(`Open ${host} in the browser?`)
  expect(detail).toBe(shown)
})
