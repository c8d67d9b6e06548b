import Platform

/// The secrets of ticket keys as the database holds them; one can't be taken for that of another key.
enum TicketKeySeal {
    static func seal(_ secret: [UInt8], of id: String, by master: MasterKeys.Key) -> [UInt8] {
        master.cipher.seal(secret, context: context(id))
    }

    static func open(_ sealed: [UInt8], of id: String, by master: MasterKeys.Key) throws(TicketKeyError) -> [UInt8] {
        guard let secret = master.cipher.open(sealed, context: context(id)) else {
            throw TicketKeyError(
                code: .sealed,
                operation: "open ticket key \(id)",
                detail: "master key \(master.id) does not open it"
            )
        }
        return secret
    }

    private static func context(_ id: String) -> [UInt8] { Array("flotilla.ticket-key.1\u{0}\(id)".utf8) }
}
