/** Images of web servers and databases. */
import type { ImageSpec } from '../images.ts'
import { entrypoint, service, task } from '../userland.ts'
import { copyStep, runStep, configStep, type DemoScale } from './steps.ts'
import type { baseImages } from './base-images.ts'

export function serviceImages({ daysAgo, MB }: DemoScale, { slim, alpine, oracle }: ReturnType<typeof baseImages>) {
  const nginx = (version: string, ageDays: number, sizeMB: number, ...tags: string[]): ImageSpec => ({
    references: [version, ...tags].map((tag) => `nginx:${tag}`),
    base: slim,
    created: daysAgo(ageDays),
    author: maintainer,
    config: {
      Env: [`NGINX_VERSION=${version}.5`],
      Entrypoint: ['/docker-entrypoint.sh'],
      Cmd: ['nginx', '-g', 'daemon off;'],
      ExposedPorts: { '80/tcp': {} },
      Labels: { maintainer },
      StopSignal: 'SIGQUIT',
    },
    steps: [
      configStep(`LABEL maintainer=${maintainer}`),
      configStep(`ENV NGINX_VERSION=${version}.5`),
      runStep(`groupadd nginx && apt-get install -y nginx=${version}.5-1~bookworm`, MB(sizeMB), {
        'usr/sbin/nginx': service(`nginx/${version}.5`, 'start worker processes'),
      }),
      copyStep('docker-entrypoint.sh', '', entrypoint, 1620),
      copyStep('30-tune-worker-processes.sh', 'docker-entrypoint.d', '#!/bin/sh\n', 4620),
      configStep('ENTRYPOINT ["/docker-entrypoint.sh"]'),
      configStep('EXPOSE map[80/tcp:{}]'),
      configStep('STOPSIGNAL SIGQUIT'),
      configStep('CMD ["nginx" "-g" "daemon off;"]'),
    ],
  })

  const redis: ImageSpec = {
    references: ['redis:7'],
    base: slim,
    created: daysAgo(28),
    config: {
      Env: ['REDIS_VERSION=7.4.7'],
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['redis-server'],
      ExposedPorts: { '6379/tcp': {} },
      Volumes: { '/data': {} },
      WorkingDir: '/data',
    },
    steps: [
      runStep('groupadd -r -g 999 redis && useradd -r -g redis -u 999 redis', 8700),
      runStep('apt-get install -y gcc make && make -C /usr/src/redis install', MB(42), {
        'usr/local/bin/redis-server': service('Redis version=7.4.7', 'Ready to accept connections tcp'),
      }),
      runStep('mkdir /data && chown redis:redis /data', 0),
      configStep('VOLUME [/data]'),
      { instruction: 'WORKDIR /data', bytes: 0 },
      copyStep('docker-entrypoint.sh', 'usr/local/bin', entrypoint, 661),
      configStep('ENTRYPOINT ["docker-entrypoint.sh"]'),
      configStep('EXPOSE map[6379/tcp:{}]'),
      configStep('CMD ["redis-server"]'),
    ],
  }

  const postgres: ImageSpec = {
    references: ['postgres:16-alpine'],
    base: alpine,
    created: daysAgo(61),
    config: {
      Env: ['PG_MAJOR=16', 'PG_VERSION=16.10', 'PGDATA=/var/lib/postgresql/data', 'LANG=en_US.utf8'],
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['postgres'],
      ExposedPorts: { '5432/tcp': {} },
      Volumes: { '/var/lib/postgresql/data': {} },
      StopSignal: 'SIGINT',
    },
    steps: [
      configStep('ENV PG_MAJOR=16'),
      runStep('apk add --no-cache bison clang19 flex gcc icu-dev libxml2-dev && make install-world', MB(271), {
        'usr/local/bin/postgres': service(
          'starting PostgreSQL 16.10',
          'database system is ready to accept connections',
        ),
      }),
      configStep('VOLUME [/var/lib/postgresql/data]'),
      copyStep(
        'docker-entrypoint.sh docker-ensure-initdb.sh',
        'usr/local/bin',
        entrypoint,
        14_800,
        'docker-entrypoint.sh',
      ),
      configStep('ENTRYPOINT ["docker-entrypoint.sh"]'),
      configStep('STOPSIGNAL SIGINT'),
      configStep('EXPOSE map[5432/tcp:{}]'),
      configStep('CMD ["postgres"]'),
    ],
  }

  const mysql: ImageSpec = {
    references: ['mysql:8.4'],
    base: oracle,
    created: daysAgo(92),
    config: {
      Env: ['MYSQL_MAJOR=8.4', 'MYSQL_VERSION=8.4.6-1.el9'],
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['mysqld'],
      ExposedPorts: { '3306/tcp': {}, '33060/tcp': {} },
      Volumes: { '/var/lib/mysql': {} },
    },
    steps: [
      runStep('groupadd --system --gid 999 mysql && useradd --system --uid 999 --gid 999 mysql', 2680),
      runStep('microdnf install -y bzip2 gzip openssl xz zstd', MB(17.1)),
      runStep('microdnf install -y "mysql-community-server-minimal-8.4.6"', MB(312), {
        'usr/sbin/mysqld': task(1, 'Database is uninitialized and password option is not specified'),
      }),
      runStep('microdnf install -y "mysql-shell-8.4.6"', MB(140)),
      configStep('VOLUME [/var/lib/mysql]'),
      copyStep('docker-entrypoint.sh', 'usr/local/bin', entrypoint, 14_300),
      configStep('ENTRYPOINT ["docker-entrypoint.sh"]'),
      configStep('EXPOSE map[3306/tcp:{} 33060/tcp:{}]'),
      configStep('CMD ["mysqld"]'),
    ],
  }

  return { oldNginx: nginx('1.25', 400, 112), nginx: nginx('1.27', 21, 117, 'stable'), redis, postgres, mysql }
}

const maintainer = 'NGINX Docker Maintainers <docker-maint@nginx.com>'
