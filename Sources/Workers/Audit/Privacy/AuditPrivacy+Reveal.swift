import FlotillaModels
import FlotillaPersonalData
import FlotillaPlatform
import FlotillaStorage

extension AuditPrivacy {
    /// What a stored body says once its values are opened.
    package struct Revealed: Sendable, Hashable {
        package var body: [UInt8]
        package var disclosure: AuditEntry.Disclosure
    }

    private struct Sealed {
        let literal: Range<Int>
        let path: String
        let value: SealedValue
    }

    /// Opens the values of stored bodies, byte for byte as they came; of people who are forgotten it shows `"forgotten"`.
    ///
    /// - Parameters:
    ///   - bodies: as `audit_logs` has them, with the message ids of their rows.
    ///   - isAllowed: when false, `"sealed"` stands in the place of what is personal, and no key is touched.
    package func reveal(
        _ bodies: [(messageID: String, body: [UInt8])],
        isAllowed: Bool = true
    ) async throws -> [Revealed] {
        var trees: [(index: Int, tree: JSONTree, values: [Sealed])] = []
        for (index, (_, body)) in bodies.enumerated() where Self.mayHoldSealed(body) {
            guard let tree = try? JSONTree(body) else { continue }
            var values: [Sealed] = []
            Self.find(tree.root, "", in: tree, &values)
            if !values.isEmpty { trees.append((index, tree, values)) }
        }
        var revealed = bodies.map { Revealed(body: $0.body, disclosure: .plain) }
        guard !trees.isEmpty else { return revealed }
        let ids = Set(trees.flatMap { $0.values.map(\.value.subject) })
        let ciphers = isAllowed ? try await ciphers(of: ids) : [:]
        for (index, tree, values) in trees {
            var disclosure: AuditEntry.Disclosure = isAllowed ? .revealed : .sealed
            let replacements = values.compactMap { sealed -> (literal: Range<Int>, with: [UInt8])? in
                guard isAllowed else { return (sealed.literal, Array("\"sealed\"".utf8)) }
                guard let cipher = ciphers[sealed.value.subject] else {
                    disclosure = .forgotten
                    return (sealed.literal, Self.forgotten)
                }
                let context = SealedValue.context(messageID: bodies[index].messageID, path: sealed.path)
                // What does not open was not sealed here; it stays as it is, for the chain's check to tell.
                return cipher.open(sealed.value.sealed, context: context).map { (sealed.literal, $0) }
            }
            revealed[index] = Revealed(body: tree.replacing(replacements), disclosure: disclosure)
        }
        return revealed
    }

    private func ciphers(of ids: Set<Int64>) async throws -> [Int64: AESGCM] {
        var ciphers: [Int64: AESGCM] = [:]
        for row in try await pool.query(SubjectStatements.find(ids: ids.sorted())) {
            guard let id = row.int(0), let name = row.text(1) else { continue }
            ciphers[id] = try SubjectKeys.cipher(row, name, masters)
        }
        return ciphers
    }

    private static func mayHoldSealed(_ body: [UInt8]) -> Bool {
        let mark = Array("\"\(SealedValue.prefix)".utf8)
        return body.firstRange(of: mark) != nil
    }

    private static func find(_ node: JSONTree.Node, _ path: String, in tree: JSONTree, _ found: inout [Sealed]) {
        switch node.kind {
        case .string:
            if let value = tree.text(of: node).flatMap(SealedValue.init) {
                found.append(Sealed(literal: node.literal, path: path, value: value))
            }
        case .object:
            for member in node.children { find(member, "\(path)/\(tree.name(of: member))", in: tree, &found) }
        case .array:
            for (index, element) in node.children.enumerated() { find(element, "\(path)/\(index)", in: tree, &found) }
        case .number, .boolean, .null: break
        }
    }

    /// How an id stands in the columns of the audit log.
    package func columnText(_ id: String) async throws -> String {
        id.utf8.contains(UInt8(ascii: "@")) ? try await pseudonyms().identifier(id) : id
    }
}
