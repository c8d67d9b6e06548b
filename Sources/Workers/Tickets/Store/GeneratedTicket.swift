package import FlotillaModels
import FlotillaStorage

/// A ticket that has been made, as `generated_tickets` has it. Times are microseconds since 1970.
package struct GeneratedTicket: Sendable, Hashable {
    package let ticketID: ExternalID
    package let eventID: ExternalID
    package let guestID: String?
    package let jobID: String
    package let code: String
    /// `nil` once the guest is forgotten.
    package let guestName: String?
    package let guestEmail: String?
    package let type: String
    package let template: String
    package let eventTitle: String
    package let keyID: String
    /// What the QR code holds.
    package let token: String
    /// Of everything on the page but the token.
    let contentHash: [UInt8]
    /// Below the folder or bucket.
    package let path: String
    package let url: String
    /// In bytes; 0 once the file is removed.
    package let size: Int
    let fileHash: [UInt8]
    package let issuedAt: Int64
    package let expiresAt: Int64?
    package let generatedAt: Int64
    package let cancelledAt: Int64?
    /// Characters that no font had when the file was made, in one text; `nil` where none was missing.
    package let missingCharacters: String?

    /// Whether there is still a file at ``path`` and ``url``: not once the guest is forgotten.
    package var hasFile: Bool { size > 0 }
}

extension GeneratedTicket {
    /// As it came.
    package var guest: ExternalID? { guestID.map(ticketID.alike) }

    static let columns = """
        ticket_id, event_id, has_number_ids, guest_id, job_id, ticket_code, guest_name, guest_email, type, template, \
        event_title, key_id, qr_code_data, content_hash, file_path, file_url, file_size, file_hash, issued_at, \
        expires_at, generated_at, cancelled_at, has_number_event_id, missing_characters
        """

    init(_ row: SQLRow) {
        ticketID = ExternalID(row.text(0) ?? "", isNumber: row.bool(2) ?? true)
        eventID = ExternalID(row.text(1) ?? "", isNumber: row.bool(22) ?? true)
        guestID = row.text(3)
        jobID = row.text(4) ?? ""
        code = row.text(5) ?? ""
        guestName = row.text(6)
        guestEmail = row.text(7)
        type = row.text(8) ?? ""
        template = row.text(9) ?? ""
        eventTitle = row.text(10) ?? ""
        keyID = row.text(11) ?? ""
        token = row.text(12) ?? ""
        contentHash = row.bytes(13) ?? []
        path = row.text(14) ?? ""
        url = row.text(15) ?? ""
        size = Int(row.int(16) ?? 0)
        fileHash = row.bytes(17) ?? []
        issuedAt = row.timestamp(18) ?? 0
        expiresAt = row.timestamp(19)
        generatedAt = row.timestamp(20) ?? 0
        cancelledAt = row.timestamp(21)
        missingCharacters = row.text(23)
    }
}
