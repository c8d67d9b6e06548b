import CFlotillaLinux
import FlotillaHTTPRouting
import Glibc
import Synchronization

/// What is answered in place of the library, whose own refusals are no envelopes.
extension HTTPConnection {
    /// Whether the library may be about to refuse this connection's request, which it does while it reads one.
    ///
    /// To be called on the library's thread.
    func match(_ status: Int) -> LibraryRefusal.Match {
        guard pthread_equal(thread, pthread_self()) != 0 else { return .none }
        return state.withLock { state in
            switch state.phase {
            case .waiting:
                // Only of the request that is just being looked at.
                if handle.hasHead { return .certain }
                let hasLine = status == 414 || status == 505 ? !state.hasTarget : state.hasTarget
                let held = fleet_bytes_received(descriptor) - state.bytesBefore
                return (hasLine || status == 400) && held > 0 ? .possible(held) : .none
            case .receiving, .decided:
                // 500 is a line before a chunk that is longer than the memory.
                guard state.isChunked, [400, 413, 431, 500].contains(status) else { return .none }
                let held = fleet_bytes_read(descriptor) - state.bytesSeen
                return held > 0 ? .possible(held) : .conceivable(state.seen)
            default: return .none
            }
        }
    }

    /// Answers in place of the library. Its own answer then finds the socket closed for writing: it is no envelope, and
    /// may have its head twice.
    func refuseForLibrary(with status: Int) {
        state.withLock { state in
            switch state.phase {
            case .waiting:
                write(server.refusal(.unreadable(status: status)))
                shutdown(descriptor, Int32(SHUT_WR))
                state.phase = .refused(discarded: 0)
            case .decided(let request, let refusal?): refuse(refusal, request, &state)
            case .receiving(let request), .decided(let request, nil):
                refuse(.malformedChunks(status: status), request, &state)
            default: return
            }
            // What is left unread when the socket is closed would have the answer thrown away on its way.
            fleet_discard_input(descriptor)
        }
    }

    /// When the library was given an answer that it may have no room for; `nil` unless on this thread.
    var handedOver: ContinuousClock.Instant? {
        guard pthread_equal(thread, pthread_self()) != 0 else { return nil }
        return state.withLock { state in
            if case .sending(_?) = state.phase { state.since } else { nil }
        }
    }

    /// Sends the answer that the library has no room for, and closes next.
    func answerForLibrary() {
        state.withLock { state in
            guard case .sending(let response?) = state.phase else { return }
            state.phase = .sending(nil)
            write(response, isHead: state.isHead)
            shutdown(descriptor, Int32(SHUT_WR))
            fleet_discard_input(descriptor)
        }
    }
}
