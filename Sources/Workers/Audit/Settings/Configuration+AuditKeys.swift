import FlotillaCommandLineKit
import FlotillaModels
import FlotillaOperations
import FlotillaPlatform
package import FlotillaStorage

extension Configuration {
    /// The key that signs checkpoints; made in the home when there is none, with its public half beside it.
    func signingKey() throws -> SigningKey {
        let folder = KeyFolder(home)
        let text: Secret
        if let given = self[Settings.auditSigningKey] {
            text = given
        } else {
            guard makesKeys || folder.read(KeyFolder.signing) != nil else {
                throw CommandError(
                    "there is no key to sign checkpoints with in \(home.path)",
                    remedy: "run it in the fleet's folder or with its FLOTILLA_HOME, or set FLOTILLA_AUDIT_SIGNING_KEY"
                )
            }
            try home.prepare()
            text = try folder.lines(of: KeyFolder.signing) { Secret(Base64.encode(SigningKey.generate().seed)) }
        }
        guard let seed = Base64.decode(text.revealed.filter { !$0.isWhitespace }), let key = SigningKey(seed: seed)
        else {
            throw CommandError("the key that signs checkpoints is not the base64 of 32 bytes", status: .wrongUse)
        }
        if self[Settings.auditSigningKey] == nil {
            try folder.add(Base64.encode(key.publicKey.bytes), to: KeyFolder.verification, inFront: true)
        }
        return key
    }

    /// The keys that checkpoints may be signed with: those of the environment, the home's, and the signing key's own.
    func verificationKeys() throws -> [VerificationKey] {
        var words = self[Settings.auditPublicKeys]?.words ?? []
        if words.isEmpty {
            words = (KeyFolder(home).read(KeyFolder.verification) ?? "").split(whereSeparator: \.isWhitespace).map(
                String.init
            )
        }
        var keys = try words.map { word in
            guard let key = Base64.decode(word).flatMap(VerificationKey.init(bytes:)) else {
                throw CommandError("“\(word)” is no public key: it has to be the base64 of 32 bytes", status: .wrongUse)
            }
            return key
        }
        if keys.isEmpty, self[Settings.auditSigningKey] != nil { keys = [try signingKey().publicKey] }
        return keys
    }
}

extension Configuration {
    /// Where the copies of a chain's checkpoints are.
    func checkpointFile() -> @Sendable (_ chain: String) -> CheckpointFile {
        let folder = home.base + "/audit"
        return { chain in CheckpointFile("\(folder)/\(chain).checkpoints") }
    }

    package func checkpointing(_ pool: PostgresPool) throws -> Checkpointing {
        return Checkpointing(pool, key: try signingKey(), file: checkpointFile())
    }
}
