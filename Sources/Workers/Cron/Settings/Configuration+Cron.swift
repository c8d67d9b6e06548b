import FlotillaCommandLineKit
import FlotillaOperations
import Glibc

extension Configuration {
    /// The cron entries of the queue file, or every mistake in them as wrong use; `nil` when no file is named and none is in
    /// its usual place.
    ///
    /// - Parameter types: the keys that jobs may have; `nil` where they are not known.
    func cronEntries(types: Set<String>?) throws(CommandError) -> [CronEntry]? {
        let path = self[Settings.queues]
        if source(of: Settings.queues) == .standard, unsafe access(path, F_OK) != 0 { return nil }
        do throws(CronMistakes) {
            return try CronFile.load(from: path, types: types)
        } catch {
            throw CommandError("\(error)", status: .wrongUse)
        }
    }
}
