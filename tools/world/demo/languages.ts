/** Images of programming languages, and the team's own images built on them. */
import type { ImageSpec } from '../images.ts'
import { entrypoint, service, task } from '../userland.ts'
import { copyStep, runStep, configStep, type DemoScale } from './steps.ts'
import type { baseImages } from './base-images.ts'

export function languageImages({ daysAgo, MB }: DemoScale, { slim, bookworm }: ReturnType<typeof baseImages>) {
  /** The layers that images with a compiler share. They make up most of the size of these images. */
  const buildTools: ImageSpec = {
    references: [],
    base: bookworm,
    created: daysAgo(21),
    steps: [
      runStep('apt-get update && apt-get install -y --no-install-recommends ca-certificates curl gnupg wget', MB(48.5)),
      runStep('apt-get update && apt-get install -y --no-install-recommends git mercurial openssh-client', MB(64.1)),
      runStep('apt-get update && apt-get install -y --no-install-recommends autoconf g++ gcc make libssl-dev', MB(721)),
    ],
  }

  const node: ImageSpec = {
    references: ['node:22'],
    base: buildTools,
    created: daysAgo(10),
    config: {
      Env: ['NODE_VERSION=22.21.1', 'YARN_VERSION=1.22.22'],
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['node'],
    },
    steps: [
      runStep('groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node', 8940),
      configStep('ENV NODE_VERSION=22.21.1'),
      runStep(
        'curl -fsSLO "https://nodejs.org/dist/v22.21.1/node-v22.21.1-linux-x64.tar.xz" && tar -xJf node.tar.xz',
        MB(160),
        {
          'usr/local/bin/node': service('Listening on http://0.0.0.0:3000'),
        },
      ),
      configStep('ENV YARN_VERSION=1.22.22'),
      runStep('curl -fsSLO "https://yarnpkg.com/downloads/1.22.22/yarn-v1.22.22.tar.gz"', MB(5.35)),
      copyStep('docker-entrypoint.sh', 'usr/local/bin', entrypoint, 388),
      configStep('ENTRYPOINT ["docker-entrypoint.sh"]'),
      configStep('CMD ["node"]'),
    ],
  }

  const oldPython: ImageSpec = {
    references: ['python:3.9'],
    base: buildTools,
    created: daysAgo(745),
    config: { Env: ['LANG=C.UTF-8', 'PYTHON_VERSION=3.9.18'], Cmd: ['python3'] },
    steps: [
      configStep('ENV LANG=C.UTF-8'),
      runStep(
        'apt-get update && apt-get install -y --no-install-recommends libbluetooth-dev tk-dev uuid-dev',
        MB(18.4),
      ),
      configStep('ENV PYTHON_VERSION=3.9.18'),
      runStep(
        'wget -O python.tar.xz "https://www.python.org/ftp/python/3.9.18/Python-3.9.18.tar.xz" && make install',
        MB(28.2),
      ),
      configStep('CMD ["python3"]'),
    ],
  }

  const python: ImageSpec = {
    references: ['python:3.12-slim'],
    base: slim,
    created: daysAgo(5),
    config: { Env: ['LANG=C.UTF-8', 'PYTHON_VERSION=3.12.12'], Cmd: ['python3'] },
    steps: [
      configStep('ENV PYTHON_VERSION=3.12.12'),
      runStep('apt-get update && apt-get install -y --no-install-recommends ca-certificates netbase tzdata', MB(9.2)),
      runStep('wget -O python.tar.xz "https://www.python.org/ftp/python/3.12.12/Python-3.12.12.tar.xz"', MB(40), {
        'usr/local/bin/python3': task(0, 'Rebuilding the index', '1204 documents, 0 errors'),
      }),
      configStep('CMD ["python3"]'),
    ],
  }

  const notebook: ImageSpec = {
    references: [],
    base: slim,
    created: daysAgo(64),
    config: { Cmd: ['jupyter', 'lab'], ExposedPorts: { '8888/tcp': {} } },
    steps: [
      runStep('pip install --no-cache-dir torch pandas jupyterlab', MB(839)),
      configStep('CMD ["jupyter" "lab"]'),
    ],
  }

  /** A build of the team's API. A build without a tag is dangling: a later build has its tag. */
  const api = (commit: string, ageDays: number, tag?: string): ImageSpec => ({
    references: tag ? [`registry.local:5000/team/api:${tag}`] : [],
    base: node,
    created: daysAgo(ageDays),
    config: {
      Env: ['NODE_ENV=production', 'PORT=3000'],
      WorkingDir: '/app',
      Cmd: ['node', 'server.js'],
      ExposedPorts: { '3000/tcp': {} },
      Labels: {
        'org.opencontainers.image.title': 'Team API',
        'org.opencontainers.image.revision': commit,
        'org.opencontainers.image.source': 'https://git.example.com/team/api',
      },
    },
    steps: [
      { instruction: 'WORKDIR /app', bytes: 0 },
      copyStep('package.json package-lock.json', 'app', `{ "version": "0.0.0-${commit}" }\n`, 21_400, 'package.json'),
      runStep(`npm ci --omit=dev # ${commit}`, MB(71)),
      copyStep('.', 'app', `// ${commit}\n`, MB(4.2), 'server.js'),
      configStep('EXPOSE map[3000/tcp:{}]'),
      configStep('CMD ["node" "server.js"]'),
    ],
  })

  return {
    node,
    oldPython,
    python,
    notebook,
    api: api('e0d5a27', 1.1, '2025.11'),
    replacedApi: api('77d1f02', 1.6),
    oldApi: api('b43c9ae', 34, '2025.10'),
  }
}
