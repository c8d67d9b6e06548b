import FlotillaCommandLineKit
import FlotillaOperations

extension Configuration {
    /// What counts as a sign of fraud when tickets are scanned, or an error of wrong use that says what is wrong with
    /// it.
    func scanRules() throws(CommandError) -> ScanRules {
        guard self[Settings.scanForgedBurst] > 0 else {
            throw CommandError("\(Settings.scanForgedBurst.name) has to be 1 or more", status: .wrongUse)
        }
        return ScanRules(twoPlacesWithin: self[Settings.scanTwoPlaces], forgedBurst: self[Settings.scanForgedBurst])
    }
}
