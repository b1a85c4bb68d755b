// mcp2p as a library, and the only barrel of the project: its jobs, links, errors, and the types of
// their options, events and results. What is not here may change without notice.

export { EXIT, type ExitName, Mcp2pError } from './core/base/errors.js'
export type { Finding } from './core/doctor/finding.js'
export type {
  CreateMetaOptions,
  DoctorEvents,
  DoctorListenEvents,
  DoctorListenResult,
  DoctorOptions,
  DoctorResult,
  Link,
  MetaEvents,
  MetaResult,
  MulticastMode,
  MulticastStatus,
  Notice,
  ReceiveEvents,
  ReceiveOptions,
  ReceiveProgress,
  ReceiveResult,
  ReceiverRow,
  SendEvents,
  SendOptions,
  SendProgress,
  SendResult,
  VerifyResult,
} from './engine/api.js'
export { Budget, type BudgetOptions } from './engine/budget.js'
export { createMeta } from './engine/create-meta.js'
export { doctor } from './engine/doctor/doctor.js'
export { doctorListen } from './engine/doctor/listen.js'
export type { Job } from './engine/events.js'
export { formatLink, parseLink } from './engine/link.js'
export { receive } from './engine/receive.js'
export { send } from './engine/send.js'
export { verify } from './engine/verify.js'
export type { Address, HashName } from './ports.js'
