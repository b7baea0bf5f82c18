import {expect, test} from 'vitest';

import {daemonEnvironment} from '../../src/daemon/environment.ts';

test('paths, proxies and cloud settings stay; docker variables, tokens and debugger options go', () => {
  const env = {
    PATH: '/bin',
    HOME: '/home/me',
    HTTPS_PROXY: 'http://p',
    CLOUDSDK_CONFIG: '/c',
    AWS_PROFILE: 'dev',
    DOCKER_HOST: 'unix:///x',
    GITHUB_TOKEN: 'hush',
    CI_JOB_TOKEN: 'hush',
    NODE_OPTIONS: '--require debugger.js',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
  };

  expect(Object.keys(daemonEnvironment(env, {kubeconfig: undefined, kubeconfigText: ''}))).toEqual([
    'PATH',
    'HOME',
    'HTTPS_PROXY',
    'CLOUDSDK_CONFIG',
    'AWS_PROFILE',
    'NODE_EXTRA_CA_CERTS',
  ]);
});

test('a token that the kubeconfig names stays, and KUBECONFIG is what up was told', () => {
  const made = daemonEnvironment(
    {CI_JOB_TOKEN: 'needed', OTHER_TOKEN: 'hush', KUBECONFIG: 'relative'},
    {kubeconfig: '/abs/one:/abs/two', kubeconfigText: 'args: ["--from-env=CI_JOB_TOKEN"]'},
  );

  expect(made).toEqual({CI_JOB_TOKEN: 'needed', KUBECONFIG: '/abs/one:/abs/two'});
});
