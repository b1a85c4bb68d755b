import { expect, it } from 'vitest'
import { Screen } from '../../../src/app/cli/screen.js'
import { FakeWorld } from './fake-world.js'
import { screenAfter } from './terminal.js'

function liveScreen() {
  const world = new FakeWorld([])
  world.stderr.isTerminal = true
  // One terminal for both streams, as people have it.
  world.stdout.write = text => world.stderr.write(text)
  const screen = new Screen(world, { mode: 'live', answersJson: false, statsMillis: 10_000 })
  return { world, screen, seen: () => screenAfter(world.stderr.text, world.stderr.width) }
}

function view(lines: string[]) {
  return { block: () => lines, line: () => lines[0] }
}

it('redraws the block in place, shorter or longer', () => {
  const { world, screen, seen } = liveScreen()
  const lines = ['one', 'two']
  screen.show(view(lines))
  world.tick(250)
  expect(seen()).toEqual(['one', 'two'])
  lines.splice(0, 2, '1')
  world.tick(250)
  expect(seen()).toEqual(['1'])
  lines.push('2', '3')
  world.tick(250)
  expect(seen()).toEqual(['1', '2', '3'])
})

it('writes notes and answers above the block, and takes it away at the end', () => {
  const { world, screen, seen } = liveScreen()
  screen.show(view(['block', 'more']))
  world.tick(250)
  screen.note('a note')
  screen.answer('an answer')
  world.tick(250)
  expect(seen()).toEqual(['a note', 'an answer', 'block', 'more'])
  screen.hide()
  screen.note('the end')
  expect(seen()).toEqual(['a note', 'an answer', 'the end'])
  expect(world.timers).toBe(0)
})

it('erases what a narrower terminal has wrapped', () => {
  const { world, screen } = liveScreen()
  world.stderr.write('before\n')
  const lines = ['x'.repeat(70), 'y'.repeat(10)]
  screen.show(view(lines))
  world.tick(250)
  // The terminal now shows the long line in two rows; the text of it is the same.
  world.stderr.width = 40
  lines.splice(0, 2, 'z')
  world.tick(250)
  expect(screenAfter(world.stderr.text, 40)).toEqual(['before', 'z'])
})

it('counts wide characters as the terminal does', () => {
  const { world, screen } = liveScreen()
  screen.show(view(['漢'.repeat(30)]))
  world.tick(250)
  world.stderr.width = 40
  world.stderr.text = ''
  world.tick(250)
  expect(world.stderr.text.startsWith('\r\x1b[2A')).toBe(true)
})

it('prints one line per interval where there is no terminal', () => {
  const world = new FakeWorld([])
  const screen = new Screen(world, { mode: 'lines', answersJson: false, statsMillis: 3000 })
  screen.show(view(['so far']))
  expect(world.tick(250)).toBe(0)
  expect(world.tick(3000)).toBe(1)
  world.tick(3000)
  screen.hide()
  expect(world.tick(3000)).toBe(0)
  expect(world.stderr.text).toBe('so far\nso far\n')
  expect(world.stdout.text).toBe('')
})

it('says only the answer and alerts when silent', () => {
  const world = new FakeWorld([])
  const screen = new Screen(world, { mode: 'silent', answersJson: false, statsMillis: 3000 })
  screen.show(view(['so far']))
  screen.note('a note')
  screen.answer('42')
  screen.alert('fire')
  expect([world.timers, world.stdout.text, world.stderr.text]).toEqual([0, '42\n', 'fire\n'])
})
