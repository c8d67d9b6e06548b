import FlotillaCommandLineKit
import FlotillaOperations

extension Configuration {
    /// What counts as a sign of fraud at the door, or what is wrong with it as wrong use.
    func scanRules() throws(CommandError) -> ScanRules {
        guard self[Settings.scanForgedBurst] > 0 else {
            throw CommandError("\(Settings.scanForgedBurst.name) has to be 1 or more", status: .wrongUse)
        }
        return ScanRules(twoPlacesWithin: self[Settings.scanTwoPlaces], forgedBurst: self[Settings.scanForgedBurst])
    }
}
