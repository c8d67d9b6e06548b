import FlotillaCommandLineKit
import FlotillaOperations
import Glibc

extension Configuration {
    /// The plan file, or every mistake in it as wrong use; `nil` when none is named and none is in its usual place.
    func plans() throws(CommandError) -> [Plan]? {
        let path = self[Settings.plans]
        if source(of: Settings.plans) == .standard, unsafe access(path, F_OK) != 0 { return nil }
        do throws(PlanMistakes) {
            return try PlanFile.load(from: path)
        } catch {
            throw CommandError("\(error)", status: .wrongUse)
        }
    }
}
