import Glibc

/// The name of this process in dead letters, job states and lists: `host:pid`.
package enum ProcessName {
    package static let current: String = {
        var name = [CChar](repeating: 0, count: 256)
        let status = unsafe gethostname(&name, 255)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(status == 0 ? host : "unknown"):\(getpid())"
    }()
}
