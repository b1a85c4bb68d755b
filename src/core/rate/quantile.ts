// Finds the rate by itself, from a model of the path as BBR has it (Cardwell et al., 2016), because
// rules that cut on loss freeze on a path that always loses 1 %. The model is one number, the rate
// that the path carries, and its evidence is the verdict of a panel (see there for quantile, floor
// and kernel drops). Congestion is loss above the floor, a queue of more than 20 ms, or a socket that
// takes less than the pacer offers; loss alone is none of it. What the receivers' hosts do not take
// has ceilings of its own (`processors`, `disks`).
//
//   startup  doubles every 100 ms from 20 Mbit/s, which any LAN that can be blasted at carries (a
//            100 Mbit/s line is full after three steps, 1 Gbit/s after six), until what arrives no
//            longer follows what is sent
//   drain    a little below the path until the queue is gone; reports that still come in about the
//            full path measure it exactly
//   steady   0.5 % plus the measured loss below the path: repair by TCP uses the same downlinks
//   probe    a small step above the path every few seconds; what follows becomes the path, and
//            after three clean rounds the step doubles, so a line that comes back is found
//   test     loss without a queue says nothing by itself: send less for one round. If the loss
//            fraction falls with the rate, the path was full; if not, it is the floor, and the cut
//            is undone. A high floor is tested again from time to time, so an error dies
//   dark     everybody loses everything: the path is broken, not full; the model waits for it
//
// A handler of a phase returns the next phase, or nothing to stay.

import type { Micros } from '../base/machine.js'
import { Breaker } from './breaker.js'
import { Company } from './company.js'
import type { RateController, RateReport, RateStop } from './controller.js'
import { Disks } from './disks.js'
import { drainOf } from './drain.js'
import { Epoch } from './epoch.js'
import { Headroom } from './headroom.js'
import { Least } from './least.js'
import { Panel, type Verdict } from './panel.js'
import type { Phase, Plan } from './plan.js'
import { Processors } from './processors.js'
import type { QuantileOptions } from './quantile-options.js'
import { Startup } from './startup.js'
import { TUNING } from './tuning.js'
import { Yielding } from './yielding.js'

export class QuantileRate implements RateController {
  readonly #minBps: number
  readonly #least: Least
  readonly #maxBps: number
  readonly #epoch = new Epoch()
  readonly #panel = new Panel(this.#epoch.sent)
  readonly #breaker: Breaker
  readonly #yielding = new Yielding()
  readonly #company = new Company()
  readonly #disks = new Disks()
  readonly #processors: Processors
  readonly #starting: Startup
  readonly #headroom = new Headroom()
  #phase: Phase = 'startup'
  #why = ''
  #rateBps: number
  /** What the path carries: the model, and its value before the last clean probe. */
  #pathBps: number
  #trustedBps: number
  #now: Micros = 0
  #until: Micros = 0
  #judgedAt: Micros = 0
  #decidedAt: Micros = Number.NEGATIVE_INFINITY
  /** A report came since the last decision. */
  #heard = false
  #started = false
  /** Until then the limit is being looked for, with fast reports and without pauses. */
  #searchUntil: Micros = 0
  #step: number = TUNING.stepMin
  #cleanRounds = 0
  /** Probes of a search that lost too much. */
  #lossyProbes = 0
  #quietQueueMicros: Micros = 0
  /** The highest rate that the measurement during a drain may yield; 0: it measures nothing. */
  #measureBps = 0
  /** What the running test compares with. */
  #before = { pathBps: 0, rateBps: 0, loss: 0, excess: 0, heldUntil: 0 }
  #retestAt: Micros = 0
  #cutAt: Micros = Number.NEGATIVE_INFINITY
  #far = 0

  constructor(options: QuantileOptions = {}) {
    this.#breaker = new Breaker(options.oneWay ?? false)
    this.#starting = new Startup(options.isFed)
    this.#processors = new Processors(options.isFed ? TUNING.fedLeastBps : 0)
    this.#maxBps = Math.min(options.maxBps ?? TUNING.maxBps, TUNING.maxBps)
    this.#least = new Least(options.minBps)
    this.#minBps = Math.min(options.minBps ?? TUNING.minBps, this.#maxBps)
    this.#rateBps = this.#clamp(options.startBps ?? TUNING.startBps)
    this.#pathBps = this.#rateBps
    this.#trustedBps = this.#rateBps
  }

  get rateBps(): number {
    const hostsBps = Math.min(this.#disks.ceilingBps, this.#processors.ceilingBps)
    const ceilingBps = Math.min(this.#company.ceilingBps, hostsBps)
    return this.#clamp(Math.min(this.#rateBps * this.#breaker.factor, ceilingBps))
  }

  get reason(): string {
    if (this.stopped !== undefined) return this.stopped
    if (this.#breaker.factor < 1) return 'no-reports'
    if (this.#disks.ceilingBps < this.#rateBps) return 'disk'
    if (this.#isHeldBack) return 'cpu'
    if (this.#company.ceilingBps < this.#rateBps) return 'share'
    if (this.#phase === 'steady' && this.#yielding.sharing(this.#now)) return 'share'
    return this.#why !== '' ? this.#why : this.#phase
  }

  get wantsFastReports(): boolean {
    if (this.#phase !== 'steady' || this.#searching) return true
    return this.#yielding.sharing(this.#now) || this.#isHeldBack
  }

  get stopped(): RateStop | undefined {
    if (this.#breaker.stopped) return 'no-reports'
    return this.#least.isMissed ? 'below-min' : undefined
  }

  get deadline(): Micros {
    if (!this.#started) return Number.POSITIVE_INFINITY
    const due = this.#decidedAt + (this.#heard ? TUNING.batchMicros : TUNING.roundMicros)
    const ends = this.#until > this.#decidedAt ? this.#until : due
    return Math.min(due, ends)
  }

  /** What the path carries by the model, in bits per second of UDP payload. */
  get pathBps(): number {
    return this.#pathBps
  }

  /** Since when this receiver has been far worse than the rest and thus not heard; or undefined. */
  outsideSince(receiver: number): Micros | undefined {
    return this.#panel.outsideSince(receiver)
  }

  onSent(bytes: number, now: Micros): void {
    if (!this.#started) {
      this.#started = true
      this.#enter({ phase: 'startup', rateBps: this.#rateBps }, now)
    }
    this.#now = now
    this.#breaker.onSent(now)
    this.#epoch.sent.add(bytes, now)
  }

  onBlocked(now: Micros): void {
    this.#breaker.onSent(now)
    this.#epoch.onBlocked(now)
  }

  onReport(report: RateReport, now: Micros): void {
    if (!this.#started || !this.#panel.onReport(report, now)) return
    this.#breaker.onReport(now)
    this.#company.onReport(report, now)
    this.#disks.onReport(report)
    this.#heard = true
    this.tick(now)
  }

  onParity(share: number): void {
    this.#headroom.onParity(share)
  }

  onGone(receiver: number, now: Micros): void {
    this.#panel.onGone(receiver)
    this.#company.onGone(receiver)
    this.#disks.onGone(receiver)
    // It may have been the one that held the others back: look for more at once.
    this.#step = Math.max(this.#step, TUNING.stepFast)
    if (this.#phase === 'steady') this.#until = Math.min(this.#until, now)
  }

  tick(now: Micros): void {
    // A thousand receivers must not mean a thousand verdicts: they are taken in small batches.
    const due = this.#heard ? TUNING.batchMicros : TUNING.roundMicros
    const ends = now >= this.#until && this.#decidedAt < this.#until
    if (this.#started && (ends || now - this.#decidedAt >= due)) this.#decide(now)
  }

  get #searching(): boolean {
    return this.#now < this.#searchUntil
  }

  /** The path may well carry more than the receivers' processors take. */
  get #isHeldBack(): boolean {
    return this.#processors.ceilingBps < this.#rateBps
  }

  get #steadyBps(): number {
    return this.#pathBps * (1 - this.#headroom.share)
  }

  #clamp(bps: number): number {
    return Math.min(this.#maxBps, Math.max(this.#minBps, bps))
  }

  #decide(now: Micros): void {
    this.#now = now
    this.#decidedAt = now
    this.#heard = false
    const strain = this.#panel.strain(now)
    if (strain !== undefined) {
      const leftBps = this.#epoch.sent.meanBps(now - TUNING.roundMicros, now) ?? this.#rateBps
      const wantedBps = this.#phase === 'startup' ? 2 * this.#rateBps : this.#rateBps
      this.#processors.judge(strain, leftBps, wantedBps, now)
    }
    const plan = this.#next(now)
    if (plan !== undefined) this.#enter(plan, now)
    if (this.#phase !== 'startup') this.#least.judge(this.#steadyBps, now)
  }

  #next(now: Micros): Plan | undefined {
    if (this.#phase === 'startup') return this.#startup(now)
    if (this.#phase === 'drain') return this.#drain(now)
    const v = this.#verdict(now)
    if (v === undefined) return undefined
    if (v.dark) {
      return this.#phase === 'dark' ? undefined : { phase: 'dark', rateBps: this.#rateBps / 2 }
    }
    if (this.#phase === 'steady') return this.#steady(v, now)
    if (this.#phase === 'probe') return this.#probe(v, now)
    return this.#phase === 'test' ? this.#test(v, now) : this.#settle()
  }

  #enter(plan: Plan, now: Micros): void {
    this.#phase = plan.phase
    this.#why = plan.why ?? ''
    this.#rateBps = this.#clamp(plan.rateBps)
    this.#until = now + (plan.holdMicros ?? 0)
    this.#judgedAt = now
    this.#epoch.begin(this.#rateBps, now)
    this.#panel.newEpoch(now)
  }

  /** A verdict about this epoch alone, once from each set of reports. */
  #verdict(now: Micros): Verdict | undefined {
    const v = this.#panel.judge(now, 0.9, 0)
    if (v === undefined) return undefined
    const waited = now - this.#judgedAt > (this.wantsFastReports ? 400_000 : 1_600_000)
    const all = v.heardShare === 1 && v.oldestAt > this.#judgedAt
    if (!all && !(waited && v.heardShare >= 0.5)) return undefined
    this.#judgedAt = now
    return v
  }

  /** Back to just below the path. */
  #settle(why = '', holdMicros: Micros = TUNING.holdMicros): Plan {
    const hold = this.#searching ? 0 : holdMicros
    return { phase: 'steady', rateBps: this.#steadyBps, holdMicros: hold, why }
  }

  /** Below the path for as long as its queue needs. */
  #draining(v: Verdict, why = ''): Plan {
    const { depth, holdMicros } = drainOf(v)
    this.#cutAt = this.#now
    return { phase: 'drain', rateBps: this.#pathBps * (1 - depth), holdMicros, why }
  }

  /** What the path carries if exactly what was lost above the floor did not fit. */
  #fitBps(v: Verdict): number {
    return this.#epoch.leftBps(this.#now) * Math.max(0, 1 - Math.max(0, v.excess))
  }

  /** What really left, at most the rate: over a short time receivers count it better than we do. */
  #leftBps(v: Verdict, now: Micros): number {
    return Math.min(this.#rateBps, Math.max(this.#epoch.leftBps(now), v.capBps))
  }

  #startup(now: Micros): Plan | undefined {
    if (now - this.#epoch.since < TUNING.roundMicros * 0.9) return undefined
    const v = this.#panel.judge(now, 0.4, TUNING.farPatienceMicros)
    if (v === undefined || v.heardShare < 0.5 || v.dark) return undefined
    const step = this.#starting.next(v, this.#rateBps, this.#epoch, now, this.#isHeldBack)
    if (step === 'full') return this.#overload(v, now)
    if (step !== 'doubt' && v.queueMicros <= TUNING.queueLowMicros) {
      this.#panel.learnFloors(now, step === 'double')
      this.#headroom.onLoss(v.loss)
    }
    if (step === 'again' || step === 'doubt') return { phase: 'startup', rateBps: this.#rateBps }
    if (step === 'double' && this.#rateBps < this.#maxBps) {
      return { phase: 'startup', rateBps: this.#rateBps * 2 }
    }
    if (step === 'idle') return this.#idling(now)
    this.#carries(this.#rateBps)
    return this.#settle()
  }

  /** Less was sent than might have been: the path carries that at least, and longer steps go on. */
  #idling(now: Micros): Plan {
    this.#carries(Math.min(this.#rateBps, this.#epoch.leftBps(now) * (1 + TUNING.stepSearch)))
    this.#step = TUNING.stepFreed
    return this.#settle('', TUNING.idleMicros)
  }

  /** The path carried this rate. At the configured limit it is taken to carry any share more. */
  #carries(bps: number): void {
    this.#trustedBps = this.#pathBps
    this.#pathBps =
      this.#rateBps < this.#maxBps ? bps : this.#maxBps / (1 - TUNING.lossHeadroomMax - 0.1)
  }

  /** Much more was sent than the path carries: measure it while the queue drains. */
  #overload(v: Verdict, now: Micros): Plan {
    const { lineBps } = this.#starting
    this.#measureBps = Math.min(this.#rateBps, Math.max(lineBps, this.#epoch.leftBps(now) * 1.02))
    const capBps = Math.max(v.capBps, lineBps, this.#rateBps * 0.02)
    this.#pathBps = Math.min(this.#measureBps, capBps)
    this.#searchUntil = now + TUNING.searchMicros
    // What a busy machine measured in a tenth of a second is a guess: the next steps are long.
    this.#step = TUNING.stepSearch
    this.#cleanRounds = 0
    this.#lossyProbes = 0
    return this.#draining(v)
  }

  #drain(now: Micros): Plan | undefined {
    const v = this.#panel.judge(now, Number.NEGATIVE_INFINITY, 0)
    if (v !== undefined && this.#measureBps > 0) {
      const capBps = Math.min(v.capBps, this.#measureBps)
      if (capBps > this.#pathBps) {
        // Held up by the least rate it may stand above the path; by as much it must not rise.
        this.#rateBps = this.#clamp(Math.min(capBps, (this.#rateBps * capBps) / this.#pathBps))
        this.#pathBps = capBps
      }
    }
    const all = this.#verdict(now)
    const isGone = all?.heardShare === 1 && all.queueMicros <= TUNING.queueLowMicros
    if (now < this.#until && !isGone) return undefined
    this.#measureBps = 0
    return this.#settle()
  }

  #steady(v: Verdict, now: Micros): Plan | undefined {
    if (this.#freed(now)) {
      this.#step = TUNING.stepFreed
      this.#searchUntil = now + TUNING.searchMicros
      return this.#probing(v)
    }
    if (v.excess > Math.max(0.01, 4 * v.sigma)) return this.#lossCut(v, now)
    const isLong = now - this.#epoch.since > 4 * TUNING.roundMicros
    const isBound = isLong && this.#epoch.lineBound(v.ownQueueMicros, now, 0.997)
    if (this.#yielding.sharing(now)) {
      if (v.queueMicros > TUNING.queueLowMicros || !this.#yielding.mayEnd(now)) return undefined
      this.#yielding.end()
      this.#step = TUNING.stepFast
      this.#until = now
    } else if (isBound) {
      return this.#bound(v, now)
    } else if (v.queueMicros > TUNING.queueMicros) {
      return this.#delayCut(v, now)
    }
    this.#learn(v, now)
    if (this.#epoch.idle(v.ownQueueMicros, now, 0.9)) return undefined
    if (now < this.#until || this.#processors.isStrained) return undefined
    if (v.floor > TUNING.retestFloor && now >= this.#retestAt) {
      return this.#testing(v, Math.max(TUNING.testCut, 6 * v.sigma), v.floor)
    }
    if (v.queueMicros > TUNING.queueLowMicros) {
      // A queue that grew by itself: the model is a trifle too high.
      this.#pathBps *= 0.997
      return this.#draining(v)
    }
    return this.#steadyBps < this.#maxBps ? this.#probing(v) : undefined
  }

  /** Our own line brings less than the model says: others have come, or it is a trifle too high. */
  #bound(v: Verdict, now: Micros): Plan | undefined {
    const leftBps = this.#leftBps(v, now)
    const taken = this.#yielding.isTaken(leftBps, this.#pathBps, now)
    if (taken === 'perhaps') return undefined
    this.#learn(v, now)
    if (taken === 'yes') {
      this.#pathBps = Math.min(leftBps, TUNING.share * this.#pathBps)
      return this.#settle()
    }
    this.#pathBps *= TUNING.bound
    return this.#settle('', Math.max(TUNING.roundMicros, this.#until - now))
  }

  /** A round without congestion: the loss in it is the floor, and the rate leaves room for it. */
  #learn(v: Verdict, now: Micros): void {
    if (v.queueMicros <= TUNING.queueLowMicros) this.#panel.learnFloors(now)
    this.#headroom.onClean(v)
    this.#quietQueueMicros = v.queueMicros
    this.#rateBps = this.#clamp(this.#steadyBps)
  }

  /** Someone who held the rest back has just left the quantile, or another sender left us room. */
  #freed(now: Micros): boolean {
    if (this.#company.seesRoom(now)) return true
    const freed = this.#panel.far > this.#far && now - this.#cutAt < TUNING.freedMicros
    this.#far = this.#panel.far
    return freed
  }

  #lossCut(v: Verdict, now: Micros): Plan {
    if (v.queueMicros <= TUNING.queueLowMicros) {
      const share = Math.max(0.05, (this.#fitBps(v) * 0.98) / this.#rateBps)
      return this.#testing(v, 1 - Math.min(0.98, share), v.excess)
    }
    const deep = v.excess > 0.1
    const fitBps = deep ? Math.min(v.capBps, this.#fitBps(v)) : this.#fitBps(v)
    this.#measureBps = deep ? this.#rateBps : 0
    this.#pathBps = Math.min(this.#pathBps, Math.max(fitBps, this.#rateBps * 0.02))
    if (deep) this.#searchUntil = now + TUNING.searchMicros
    return this.#draining(v, 'loss')
  }

  #delayCut(v: Verdict, now: Micros): Plan {
    if (this.#yielding.isForeign(v.queueMicros, v.capBps, this.#pathBps, now)) {
      this.#pathBps = this.#yielding.pathBps * TUNING.share
      return this.#settle()
    }
    const capBps = Math.max(v.capBps, this.#pathBps * 0.9)
    // The longer it stays, the less the model is worth.
    const keptShare = Math.max(0.9, 1 - 0.01 * this.#yielding.drains)
    this.#pathBps = Math.min(this.#pathBps * keptShare, capBps)
    return this.#draining(v, 'delay')
  }

  #probing(v: Verdict): Plan {
    // A step must stand out from the noise of random loss, or its verdict is a coin's.
    this.#step = Math.max(this.#step, Math.min(TUNING.stepNoisyMax, 6 * v.sigma))
    this.#trustedBps = this.#phase === 'probe' ? this.#trustedBps : this.#pathBps
    return { phase: 'probe', rateBps: this.#pathBps * (1 + this.#step) }
  }

  #probe(v: Verdict, now: Micros): Plan | undefined {
    const step = this.#step
    const line = this.#epoch.lineBound(v.ownQueueMicros, now, 0.997)
    const waits =
      line ||
      v.queueMicros > this.#quietQueueMicros + TUNING.probeQueueMicros / 2 ||
      v.queueMicros > TUNING.queueMicros ||
      (step >= 0.25 && v.follow < 0.8)
    const loses = v.excess > Math.max(step / 5, 3 * v.sigma)
    if (!waits && !loses) {
      // A report tells the least delay of its interval, so a queue shows only after it has grown.
      if (step * v.settledMicros < TUNING.probeQueueMicros) return undefined
      // Too little to send for this step: little was risked and little learnt, so try again soon.
      if (this.#epoch.idle(v.ownQueueMicros, now, 0.97)) {
        // A line that is full since then shows its queue in a report of the time after.
        if (v.settledMicros < TUNING.roundMicros) return undefined
        const carriedBps = Math.min(this.#epoch.leftBps(now), v.capBps)
        this.#pathBps = Math.max(this.#pathBps, carriedBps)
        return this.#settle('', TUNING.idleMicros)
      }
      this.#carries(this.#leftBps(v, now))
      if (++this.#cleanRounds >= 3) this.#step = Math.min(1, step * 2)
      return this.#steadyBps >= this.#maxBps ? this.#settle() : this.#probing(v)
    }
    // Loss without a queue may have been chance: a search goes on when it was the first time.
    const isDoubtful = this.#searching && !waits && this.#lossyProbes++ === 0
    this.#step = isDoubtful ? Math.max(TUNING.stepMin, step / 2) : TUNING.stepMin
    this.#cleanRounds = 0
    if (!isDoubtful) this.#searchUntil = now
    if (v.excess > step + 0.02 + 3 * v.sigma) return this.#lossCut(v, now)
    if (step > TUNING.stepNoisyMax) {
      this.#measureBps = this.#rateBps
      this.#pathBps = Math.max(this.#trustedBps, Math.min(v.capBps, this.#rateBps))
      this.#searchUntil = now + TUNING.searchMicros
      return this.#draining(v)
    }
    // The last clean step may have been clean by luck: believe half of it. What came through while
    // a queue stood is no luck, though: that much the path carries.
    const queued = v.excess <= 3 * v.sigma ? v.capBps : 0
    const carried = Math.min(queued, this.#rateBps * (1 + TUNING.stepNoisyMax))
    this.#pathBps = Math.max((this.#pathBps + this.#trustedBps) / 2, carried)
    if (line) {
      const leftBps = Math.max(TUNING.bound * this.#trustedBps, 0.997 * this.#leftBps(v, now))
      this.#pathBps = Math.min(this.#pathBps, leftBps)
    }
    return v.queueMicros > TUNING.queueLowMicros ? this.#draining(v) : this.#settle()
  }

  #testing(v: Verdict, cut: number, excess: number): Plan {
    const heldUntil = this.#until
    const before = { pathBps: this.#pathBps, rateBps: this.#rateBps, loss: v.loss }
    this.#before = { ...before, excess, heldUntil }
    return { phase: 'test', rateBps: this.#rateBps * (1 - cut) }
  }

  #test(v: Verdict, now: Micros): Plan {
    const { pathBps, rateBps, loss, excess, heldUntil } = this.#before
    if (v.queueMicros > TUNING.queueMicros) {
      this.#pathBps = Math.min(pathBps, this.#fitBps(v))
      return this.#draining(v, 'loss')
    }
    const cut = 1 - this.#rateBps / rateBps
    const full = loss - v.loss > Math.max(0.5 * Math.min(cut, excess), 2 * v.sigma)
    this.#panel.proveFloors(now)
    this.#headroom.onLoss(v.loss)
    if (full) this.#cutAt = now
    this.#pathBps = full ? Math.min(pathBps, (rateBps * (1 - loss)) / (1 - v.loss)) : pathBps
    this.#retestAt = now + (full ? TUNING.retestMicros / 10 : TUNING.retestMicros)
    // Chance that looked like congestion must not put off the next probe, or it does so for ever.
    const heldMicros = Math.max(TUNING.roundMicros, heldUntil - now)
    return full ? this.#settle('loss', TUNING.roundMicros) : this.#settle('', heldMicros)
  }
}
