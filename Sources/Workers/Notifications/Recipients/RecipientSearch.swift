import FlotillaStorage

/// Turns selectors into recipients, with one statement for all of them.
struct RecipientSearch: Sendable {
    let selectors: [RecipientSelector]

    var statement: SQLStatement {
        let preferences = NotificationPreferences.sql(
            of: "found.key",
            "'address:' || lower(coalesce(found.email, value))"
        )
        let columns = "key, name, email, phone, language, time_zone"
        return SQLStatement(
            """
            SELECT place, \(columns), \(preferences) AS preferences
            FROM unnest($1, $2, $3) AS wanted (place, kind, value)
            LEFT JOIN LATERAL (
                (SELECT \(columns) FROM recipients WHERE kind = 'key' AND key = value AND NOT is_deleted)
                UNION ALL
                (SELECT \(columns) FROM recipients WHERE kind = 'email' AND lower(email) = value LIMIT 1)
                UNION ALL
                (SELECT \(columns) FROM recipients WHERE kind = 'phone' AND phone = value LIMIT 1)
                UNION ALL
                (SELECT \(columns) FROM recipients WHERE kind = 'role' AND roles @> ARRAY[value])
                UNION ALL
                (SELECT \(columns) FROM recipients WHERE kind = 'company' AND key = 'customer:' || value
                    AND NOT is_deleted)
                UNION ALL
                (SELECT \(columns) FROM recipients WHERE kind = 'company' AND company_id = value)
            ) AS found ON true
            ORDER BY place, key
            """,
            [
                .intArray(selectors.indices.map { Int64($0) }), .textArray(selectors.map(\.search.kind)),
                .textArray(selectors.map(\.search.value)),
            ]
        )
    }

    /// The recipients, each once, in the order of the selectors.
    ///
    /// - Throws: `UnknownRecipient` when one of the selectors finds nobody.
    func recipients(in result: SQLResult) throws(UnknownRecipient) -> [Recipient] {
        var found: [[Recipient]] = Array(repeating: [], count: selectors.count)
        for row in result {
            guard let place = row.int(0).map({ Int($0) }) else { continue }
            let preferences = NotificationPreferences(texts: row.texts(7) ?? [])
            if let key = row.text(1) {
                var recipient = Recipient(key: RecipientKey(text: key), preferences: preferences)
                recipient.name = row.text(2)
                recipient.email = row.text(3)
                recipient.phone = row.text(4)
                recipient.language = row.text(5)
                recipient.timeZone = row.text(6)
                found[place].append(recipient)
            } else if let unregistered = unregistered(selectors[place], preferences) {
                found[place].append(unregistered)
            }
        }
        var seen: Set<RecipientKey> = []
        var recipients: [Recipient] = []
        for (selector, group) in zip(selectors, found) {
            let chosen = choose(from: group, for: selector)
            guard !chosen.isEmpty else { throw UnknownRecipient(selector: selector) }
            recipients += chosen.filter { seen.insert($0.key).inserted }
        }
        return recipients
    }

    /// The users among the selectors of whom there is no row.
    func unknownUsers(in result: SQLResult) -> [RecipientSelector] {
        var unknown: [RecipientSelector] = []
        for row in result where row.text(1) == nil {
            guard let place = row.int(0).map({ Int($0) }), case .user = selectors[place] else { continue }
            unknown.append(selectors[place])
        }
        return unknown
    }

    /// Whoever has an address needs no row.
    private func unregistered(_ selector: RecipientSelector, _ preferences: NotificationPreferences) -> Recipient? {
        switch selector {
        case .email(let address, let name):
            Recipient(key: .address(address), name: name, email: address, preferences: preferences)
        case .phone(let number):
            Recipient(key: .address(number), phone: number, preferences: preferences)
        default: nil
        }
    }

    private func choose(from group: [Recipient], for selector: RecipientSelector) -> [Recipient] {
        switch selector {
        case .email(let address, let name):
            // The address is the one that was asked for, and a name given with it is newer than the one on record.
            return group.map { recipient in
                var recipient = recipient
                recipient.email = address
                if let name { recipient.name = name }
                return recipient
            }
        case .company(let id):
            let customer = group.filter { $0.key == .customer(id) && ($0.email != nil || $0.phone != nil) }
            if !customer.isEmpty { return customer }
            let users = group.filter { $0.key != .customer(id) }
            return users.isEmpty ? group : users
        default: return group
        }
    }
}
