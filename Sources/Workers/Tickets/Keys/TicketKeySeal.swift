import FlotillaPlatform

/// The secrets of ticket keys as the database holds them; one can't be taken for that of another key.
enum TicketKeySeal {
    private static let seal = SecretSeal(purpose: "flotilla.ticket-key.1")

    static func seal(_ secret: [UInt8], of id: String, by master: MasterKeys.Key) -> [UInt8] {
        seal.seal(secret, of: id, by: master)
    }

    static func open(_ sealed: [UInt8], of id: String, by master: MasterKeys.Key) throws(TicketKeyError) -> [UInt8] {
        do throws(MasterKeyError) {
            return try seal.open(sealed, of: id, by: master, as: "ticket key \(id)")
        } catch {
            throw TicketKeyError(code: .sealed, operation: error.operation, detail: error.detail)
        }
    }
}
