import Glibc
import Synchronization

/// The sockets of an engine.
///
/// They are known so that one to a server that does not answer can be cut when libcurl waits for its reply to QUIT.
final class OpenSockets: Sendable {
    private let descriptors = Mutex<Set<CInt>>([])

    func open(_ family: CInt, _ kind: CInt, _ number: CInt) -> CInt {
        let descriptor = socket(family, kind | CInt(SOCK_CLOEXEC.rawValue), number)
        if descriptor >= 0 { _ = descriptors.withLock { $0.insert(descriptor) } }
        return descriptor
    }

    func close(_ descriptor: CInt) -> CInt {
        descriptors.withLock { descriptors in
            descriptors.remove(descriptor)
            return Glibc.close(descriptor)
        }
    }

    /// Ends all connections for both sides. The descriptors stay valid until they are closed.
    func cutAll() {
        descriptors.withLock { descriptors in
            for descriptor in descriptors { shutdown(descriptor, CInt(SHUT_RDWR)) }
        }
    }
}
