import CommandLineKit
import Operations
import Workers

extension Configuration {
    /// All for which the API or the workers would refuse to start, a line each: the queue file, the plans, the templates,
    /// and settings that don't fit together.
    func mistakes() async -> [String] {
        var lines: [String] = []
        func note(_ check: () throws(CommandError) -> Void) {
            do throws(CommandError) {
                try check()
            } catch {
                // Settings that two checks read are told of once.
                for line in error.message.split(separator: "\n").map(String.init) where !lines.contains(line) {
                    lines.append(line)
                }
            }
        }
        note { () throws(CommandError) in _ = try topology() }
        note { () throws(CommandError) in _ = try plans() }
        note { () throws(CommandError) in _ = try searchBackend() }
        note { () throws(CommandError) in _ = try notifications() }
        note { () throws(CommandError) in _ = try notificationTexts() }
        note { () throws(CommandError) in _ = try tickets() }
        note { () throws(CommandError) in _ = try webhookAccess() }
        note { () throws(CommandError) in _ = try coreEndpoints() }
        note { () throws(CommandError) in _ = try scanRules() }
        do throws(CommandError) {
            let files = try ticketFiles()
            await files.close()
        } catch {
            lines.append(error.message)
        }
        return lines
    }

    /// What counts as a sign of fraud at the door, or what is wrong with it as wrong use.
    func scanRules() throws(CommandError) -> ScanRules {
        guard self[Settings.scanForgedBurst] > 0 else {
            throw CommandError("\(Settings.scanForgedBurst.name) has to be 1 or more", status: .wrongUse)
        }
        return ScanRules(twoPlacesWithin: self[Settings.scanTwoPlaces], forgedBurst: self[Settings.scanForgedBurst])
    }

    /// What links begin with: what is set, or this machine's own API.
    var publicURL: String { self[Settings.publicURL] ?? "http://127.0.0.1:\(self[Settings.port].number)" }
}
