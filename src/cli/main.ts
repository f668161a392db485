#!/usr/bin/env node
/** @file The command line `vlakit`: a hand-written list of commands, each loaded only when it is called. */

import { runCommandLine, type CommandEntry } from './program.ts';

const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'quickstart',
    summary: 'Record, train, evaluate and report, with one command',
    load: () => import('./quickstart.ts'),
  },
  { name: 'record', summary: 'Record demonstrations of the tabletop’s expert', load: () => import('./record.ts') },
  {
    name: 'annotate',
    summary: 'Say in words what happens in a dataset’s episodes',
    load: () => import('./annotate.ts'),
  },
  {
    name: 'data',
    summary: 'Preview and clean training data, choose keyframes, make actions of states',
    load: () => import('./data.ts'),
  },
  { name: 'generate', summary: 'Make data for the training of language', load: () => import('./generate.ts') },
  { name: 'convert', summary: 'Datasets from one format to another', load: () => import('./convert.ts') },
  { name: 'train', summary: 'Train a policy from a recipe', load: () => import('./train.ts') },
  {
    name: 'reinforce',
    summary: 'Train a policy further by its own successes (PPO)',
    load: () => import('./reinforce.ts'),
  },
  {
    name: 'serve',
    summary: 'Serve a policy to robots and simulators',
    load: () => import('./serve.ts'),
  },
  {
    name: 'serve-environments',
    summary: 'Serve simulated environments to trainers',
    load: () => import('./serve-environments.ts'),
  },
  {
    name: 'evaluate',
    summary: 'Play a policy in closed loop and measure how often it succeeds',
    load: () => import('./evaluate.ts'),
  },
  {
    name: 'benchmark',
    summary: 'Measure any policy, or policy server, on a benchmark',
    load: () => import('./benchmark.ts'),
  },
  {
    name: 'teleoperate',
    summary: 'Drive a simulated robot by keyboard or gamepad, and record what succeeds',
    load: () => import('./teleoperate.ts'),
  },
  {
    name: 'robot',
    summary: 'Bring up an arm of serial servos: find, calibrate and read it',
    load: () => import('./robot.ts'),
  },
  {
    name: 'doctor',
    summary: 'Say what this machine can do and what is missing',
    load: () => import('./doctor.ts'),
  },
  {
    name: 'run',
    summary: 'Play a policy and show what it does',
    load: () => import('./run.ts'),
  },
  {
    name: 'control',
    summary: 'Play a policy on a robot in real time, behind the safety gate',
    load: () => import('./control.ts'),
  },
  {
    name: 'limits',
    summary: 'Make a robot’s limits.json from a URDF, an MJCF or its own ranges, for the safety gate',
    load: () => import('./limits.ts'),
  },
  {
    name: 'replay',
    summary: 'Ask a policy again what a recorded session asked, and show where it differs',
    load: () => import('./replay.ts'),
  },
  {
    name: 'models',
    summary: 'List model families, and inspect a folder of weights',
    load: () => import('./models.ts'),
  },
  { name: 'export', summary: 'Write a policy that plain ONNX Runtime can run', load: () => import('./export.ts') },
  { name: 'ask', summary: 'Ask a checkpoint about images', load: () => import('./ask.ts') },
  {
    name: 'study',
    summary: 'Put a claim to the test: train its arms over several seeds, measure and compare them',
    load: () => import('./study.ts'),
  },
  { name: 'report', summary: 'Make one HTML page of a run', load: () => import('./report.ts') },
];

process.exitCode = await runCommandLine(COMMANDS, process.argv.slice(2));
