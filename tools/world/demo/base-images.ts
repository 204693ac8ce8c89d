/** Base images: the root file systems that other images are built on. */
import type { ImageSpec, RunConfig } from '../images.ts'
import { printProgram, userland } from '../userland.ts'
import { configStep, type DemoScale } from './steps.ts'

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export function baseImages({ daysAgo, MB }: DemoScale) {
  const baseImage = (
    reference: string,
    ageDays: number,
    sizeMB: number,
    title: string,
    config: RunConfig = {},
  ): ImageSpec => {
    const cmd = config.Cmd ?? ['/bin/bash']
    const addStep = {
      instruction: `/bin/sh -c #(nop) ADD file:${checksum(reference)} in / `,
      bytes: MB(sizeMB),
      files: userland(title),
    }
    return {
      references: [reference],
      created: daysAgo(ageDays),
      config: { Env: [path], ...config, Cmd: cmd },
      steps: [addStep, configStep(`/bin/sh -c #(nop)  CMD ${JSON.stringify(cmd)}`)],
    }
  }

  return {
    precise: baseImage('ubuntu:12.04', 3520, 103.6, 'Ubuntu 12.04.5 LTS'),
    quantal: baseImage('ubuntu:12.10', 4230, 172, 'Ubuntu 12.10'),
    noble: baseImage('ubuntu:24.04', 49, 78, 'Ubuntu 24.04 LTS', {
      Labels: { 'org.opencontainers.image.ref.name': 'ubuntu', 'org.opencontainers.image.version': '24.04' },
    }),
    centos: baseImage('centos:7', 1895, 204, 'CentOS Linux 7 (Core)', {
      Labels: {
        'org.label-schema.name': 'CentOS Base Image',
        'org.label-schema.vendor': 'CentOS',
        'org.label-schema.license': 'GPLv2',
        'org.label-schema.build-date': '20201113',
      },
    }),
    alpine: baseImage('alpine:3.20', 380, 7.8, 'Alpine Linux v3.20', { Cmd: ['/bin/sh'] }),
    busybox: baseImage('busybox:latest', 410, 4.26, 'BusyBox v1.37.0', { Cmd: ['sh'] }),
    slim: baseImage('debian:bookworm-slim', 22, 74.8, 'Debian GNU/Linux 12 (bookworm)', { Cmd: ['bash'] }),
    bookworm: withoutReferences(
      baseImage('debian:bookworm', 22, 117, 'Debian GNU/Linux 12 (bookworm)', { Cmd: ['bash'] }),
    ),
    oracle: withoutReferences(baseImage('oraclelinux:9-slim', 95, 117, 'Oracle Linux Server 9.4')),
    helloWorld: {
      references: ['hello-world:latest'],
      created: daysAgo(108),
      config: { Env: [path], Cmd: ['/hello'] },
      steps: [
        { instruction: 'COPY hello / # buildkit', bytes: 10_072, files: { hello: printProgram(helloText) } },
        configStep('CMD ["/hello"]'),
      ],
    } satisfies ImageSpec,
  }
}

/** The image without references: only images built on it are in the demo. */
const withoutReferences = (image: ImageSpec): ImageSpec => ({ ...image, references: [] })

/** A fixed replacement for the checksum that the legacy builder writes into the history. */
const checksum = (text: string) => Buffer.from(text.repeat(8)).toString('hex').slice(0, 64)

const helloText = `
Hello from Docker!
This message shows that your installation appears to be working correctly.

`
