import FlotillaCommandLineKit
package import FlotillaOperations
package import FlotillaPlatform

extension Configuration {
    /// The keys that wrap people's keys: those of the environment, or the home's, which are made when there are none by
    /// those that may make keys.
    package func masterKeyring() throws -> MasterKeyring {
        let given = self[Settings.masterKey]
        let folder = KeyFolder(home)
        do {
            if given == nil, makesKeys { try home.prepare() }
            let makesKeys = makesKeys
            return try MasterKeyring {
                if let given { return try MasterKeys(given) }
                if !makesKeys, folder.read(KeyFolder.master) == nil { throw MissingMasterKey() }
                return try MasterKeys(try folder.lines(of: KeyFolder.master, orMake: MasterKeys.generate))
            }
        } catch is MissingMasterKey {
            throw CommandError(
                "there is no master key in \(home.path)",
                remedy: "run it in the fleet's folder or with its FLOTILLA_HOME, or set FLOTILLA_MASTER_KEY"
            )
        } catch let error as MasterKeyError {
            throw CommandError(error.detail, remedy: "see FLOTILLA_MASTER_KEY in docs/05-configuration.md")
        }
    }

    /// What links begin with: what is set, or this machine's own API.
    package var publicURL: String { self[Settings.publicURL] ?? "http://127.0.0.1:\(self[Settings.port].number)" }
}

private struct MissingMasterKey: Error {}
