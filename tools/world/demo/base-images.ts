/** Root file systems that images are built on. */
import type { ImageSpec, RunConfig } from '../images.ts'
import { printProgram, userland } from '../userland.ts'
import { setting, type DemoScale } from './steps.ts'

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export function baseImages({ daysAgo, MB }: DemoScale) {
  const system = (reference: string, days: number, size: number, title: string, config: RunConfig = {}): ImageSpec => {
    const command = config.Cmd ?? ['/bin/bash']
    const added = {
      instruction: `/bin/sh -c #(nop) ADD file:${checksum(reference)} in / `,
      bytes: MB(size),
      files: userland(title),
    }
    return {
      references: [reference],
      created: daysAgo(days),
      config: { Env: [path], ...config, Cmd: command },
      steps: [added, setting(`/bin/sh -c #(nop)  CMD ${JSON.stringify(command)}`)],
    }
  }

  return {
    precise: system('ubuntu:12.04', 3520, 103.6, 'Ubuntu 12.04.5 LTS'),
    quantal: system('ubuntu:12.10', 4230, 172, 'Ubuntu 12.10'),
    noble: system('ubuntu:24.04', 49, 78, 'Ubuntu 24.04 LTS', {
      Labels: { 'org.opencontainers.image.ref.name': 'ubuntu', 'org.opencontainers.image.version': '24.04' },
    }),
    centos: system('centos:7', 1895, 204, 'CentOS Linux 7 (Core)', {
      Labels: {
        'org.label-schema.name': 'CentOS Base Image',
        'org.label-schema.vendor': 'CentOS',
        'org.label-schema.license': 'GPLv2',
        'org.label-schema.build-date': '20201113',
      },
    }),
    alpine: system('alpine:3.20', 380, 7.8, 'Alpine Linux v3.20', { Cmd: ['/bin/sh'] }),
    busybox: system('busybox:latest', 410, 4.26, 'BusyBox v1.37.0', { Cmd: ['sh'] }),
    slim: system('debian:bookworm-slim', 22, 74.8, 'Debian GNU/Linux 12 (bookworm)', { Cmd: ['bash'] }),
    bookworm: unnamed(system('debian:bookworm', 22, 117, 'Debian GNU/Linux 12 (bookworm)', { Cmd: ['bash'] })),
    oracle: unnamed(system('oraclelinux:9-slim', 95, 117, 'Oracle Linux Server 9.4')),
    helloWorld: {
      references: ['hello-world:latest'],
      created: daysAgo(108),
      config: { Env: [path], Cmd: ['/hello'] },
      steps: [
        { instruction: 'COPY hello / # buildkit', bytes: 10_072, files: { hello: printProgram(hello) } },
        setting('CMD ["/hello"]'),
      ],
    } satisfies ImageSpec,
  }
}

/** The same without a name: it is only known from what is built on it. */
const unnamed = (image: ImageSpec): ImageSpec => ({ ...image, references: [] })

/** A stable stand-in for the checksum that the older builder writes into its history. */
const checksum = (text: string) => Buffer.from(text.repeat(8)).toString('hex').slice(0, 64)

const hello = `
Hello from Docker!
This message shows that your installation appears to be working correctly.

`
