/// What a command's process ends with.
package enum ExitStatus: Int32, Sendable {
    case done = 0
    case failed = 1
    case wrongUse = 2
    case partlyDone = 3
}
