/// What to do about a service, decided from what can be seen of it.
package enum ServiceState: String, Sendable, Hashable, Encodable {
    /// No process is left of it.
    case stopped
    /// It lives, but doesn't answer (yet).
    case starting
    case running
    /// It died, and children of it linger.
    case remnants

    package init(isLockHeld: Bool, hasMainProcess: Bool, isReady: Bool) {
        self =
            switch (isLockHeld, hasMainProcess, isReady) {
            case (false, _, _): .stopped
            case (true, false, _): .remnants
            case (true, true, false): .starting
            case (true, true, true): .running
            }
    }
}
