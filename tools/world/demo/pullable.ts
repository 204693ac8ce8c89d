/** The images that can be pulled in the demo. They are small, except Python: its pulls take long enough to watch. */
import type { ImageSpec, RunConfig } from '../images.ts'
import type { Step } from '../layers.ts'
import { entrypoint, printProgram, service, userland } from '../userland.ts'
import { copyStep, runStep, configStep } from './steps.ts'

/** Everything except the dates is the same at each call. */
export function pullableImages(now = new Date()): ImageSpec[] {
  const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000)
  const baseImage = (title: string, ageDays: number, bytes: number, shell: string): ImageSpec => ({
    references: [],
    created: daysAgo(ageDays),
    config: { Env: [path], Cmd: [shell] },
    steps: [
      {
        instruction: `ADD ${title.toLowerCase().replaceAll(' ', '-')}.tar.xz / # buildkit`,
        bytes,
        files: userland(title),
      },
      configStep(`CMD ["${shell}"]`),
    ],
  })
  const debian = baseImage('Debian GNU/Linux 13 (trixie)', 20, 4_200_000, 'bash')
  const alpine = (version: string, ageDays: number) =>
    baseImage(`Alpine Linux v${version}`, ageDays, 2_900_000, '/bin/sh')

  const imageFrom = (
    base: ImageSpec,
    ageDays: number,
    references: string[],
    config: RunConfig,
    steps: readonly Step[],
  ) => ({
    references,
    base,
    created: daysAgo(ageDays),
    config,
    steps,
  })
  const nginx = (version: string, ageDays: number, base: ImageSpec, ...tags: string[]): ImageSpec =>
    imageFrom(
      base,
      ageDays,
      [version, ...tags].map((tag) => `nginx:${tag}`),
      { Entrypoint: ['/docker-entrypoint.sh'], Cmd: ['nginx', '-g', 'daemon off;'], ExposedPorts: { '80/tcp': {} } },
      [
        noiseStep(`groupadd nginx && install nginx=${version}`, 1_600_000, {
          'usr/sbin/nginx': service(`nginx/${version}`, 'start worker processes'),
        }),
        copyStep('docker-entrypoint.sh', '', entrypoint, 1620),
        configStep('EXPOSE map[80/tcp:{}]'),
        configStep('CMD ["nginx" "-g" "daemon off;"]'),
      ],
    )
  const python = (version: string, ageDays: number, ...tags: string[]): ImageSpec =>
    imageFrom(
      debian,
      ageDays,
      [version, ...tags].map((tag) => `python:${tag}`),
      { Env: ['LANG=C.UTF-8', `PYTHON_VERSION=${version}`], Cmd: ['python3'] },
      [
        noiseStep('apt-get install -y ca-certificates curl gnupg wget', 3_400_000),
        noiseStep('apt-get install -y git mercurial openssh-client', 5_100_000),
        noiseStep('apt-get install -y autoconf g++ gcc make libssl-dev', 14_800_000),
        configStep(`ENV PYTHON_VERSION=${version}`),
        noiseStep(`make install # Python ${version}`, 6_300_000, {
          'usr/local/bin/python3': service(`Python ${version}`),
        }),
        copyStep('pip', 'usr/local/bin', '#!/bin/sh\n', 260),
        configStep('CMD ["python3"]'),
      ],
    )

  const redis = imageFrom(
    debian,
    12,
    ['redis:7', 'redis:7.4', 'redis:latest'],
    { Entrypoint: ['docker-entrypoint.sh'], Cmd: ['redis-server'], ExposedPorts: { '6379/tcp': {} } },
    [
      noiseStep('make -C /usr/src/redis install', 1_900_000, {
        'usr/local/bin/redis-server': service('Redis version=7.4.9', 'Ready to accept connections tcp'),
      }),
      { instruction: 'WORKDIR /data', bytes: 0 },
      copyStep('docker-entrypoint.sh', 'usr/local/bin', entrypoint, 661),
      configStep('CMD ["redis-server"]'),
    ],
  )
  const hello = (architecture?: string): ImageSpec => ({
    references: ['hello-world:latest', 'hello-world:linux'],
    created: daysAgo(40),
    ...(architecture && { architecture, variant: 'v8' }),
    config: { Env: [path], Cmd: ['/hello'] },
    steps: [
      {
        instruction: 'COPY hello / # buildkit',
        bytes: 10_072,
        files: { hello: printProgram('\nHello from Docker!\n\n') },
      },
      configStep('CMD ["/hello"]'),
    ],
  })
  const forArm = (image: ImageSpec): ImageSpec => ({ ...image, architecture: 'arm64', variant: 'v8' })

  const latestNginx = nginx('1.31.4', 6, debian, 'mainline', '1', '1.31', 'latest')
  return [
    nginx('1.27.5', 34, debian, '1.27'),
    latestNginx,
    forArm(latestNginx),
    nginx('1.31.4-alpine', 6, alpine('3.24', 9), 'mainline-alpine', '1-alpine', 'alpine'),
    redis,
    { ...alpine('3.20', 380), references: ['alpine:3.20'] },
    { ...alpine('3.24', 9), references: ['alpine:3.24.1', 'alpine:3.24', 'alpine:3', 'alpine:latest'] },
    hello(),
    hello('arm64'),
    python('3.13.15', 15, '3.13'),
    python('3.14.7', 15, '3.14', '3', 'latest'),
  ]
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** A RUN step whose layer does not get smaller when compressed. */
const noiseStep = (command: string, bytes: number, files?: Step['files']): Step => ({
  ...runStep(command, bytes, files),
  noise: true,
})
