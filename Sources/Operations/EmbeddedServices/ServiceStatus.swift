import FoundationEssentials
import Glibc

/// What can be seen of a service.
package struct ServiceStatus: Sendable, Encodable {
    package let name: ServiceName
    package let state: ServiceState
    package let process: Int?
    package let data: String
    package let log: String
}
