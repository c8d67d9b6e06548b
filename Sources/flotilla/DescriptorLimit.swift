import FlotillaCommandLineKit
import Glibc

/// How many files and connections this process may have open.
enum DescriptorLimit {
    /// Less is not enough for the connections to the servers, and Swift's own threads end a process that has none left.
    private static let least: rlim_t = 128
    /// More is of no use.
    private static let most: rlim_t = 65_536

    /// Raises the soft limit as far as the hard one lets it.
    ///
    /// - Throws: when that is too little to run with.
    static func require() throws(CommandError) {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0 else { return }
        if limit.rlim_cur < min(limit.rlim_max, most) {
            limit.rlim_cur = min(limit.rlim_max, most)
            unsafe setrlimit(resource, &limit)
            unsafe getrlimit(resource, &limit)
        }
        guard limit.rlim_cur >= least else {
            throw CommandError(
                "this process may have \(limit.rlim_cur) files open, and needs \(least)",
                remedy: "raise the limit: ulimit -n 1024"
            )
        }
    }
}
