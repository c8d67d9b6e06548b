/// What a recipient wants and declines, per channel and template.
///
/// The template `*` stands for everything that is marketing. What names a template comes before it. Transactional mail
/// is sent whatever the preferences say; transactional SMS and in-app notifications can be declined by their template.
package struct NotificationPreferences: Sendable, Hashable {
    /// The template that stands for every marketing template.
    package static let allMarketing = "*"

    /// One choice.
    package struct Choice: Sendable, Hashable {
        package let channel: Channel
        package let template: String
        package let isAllowed: Bool

        package init(channel: Channel, template: String, isAllowed: Bool) {
            self.channel = channel
            self.template = template
            self.isAllowed = isAllowed
        }

        /// Whether it is a choice at all: transactional mail can't be declined.
        package func isPossible(for category: Template.Category) -> Bool {
            isAllowed || category == .marketing || channel != .email
        }
    }

    private var choices: [Choice]

    package init(_ choices: [Choice] = []) { self.choices = choices }

    /// Why this is not to be sent, or `nil` when it is.
    func objection(to template: Template, on channel: Channel) -> String? {
        let own = choices.first { $0.channel == channel && $0.template == template.name }
        if let own, !own.isAllowed, own.isPossible(for: template.category) {
            return "the recipient has declined \(template.name) by \(channel.rawValue)"
        }
        guard own == nil, template.category == .marketing else { return nil }
        let general = choices.first { $0.channel == channel && $0.template == Self.allMarketing }
        guard let general, !general.isAllowed else { return nil }
        return "the recipient has declined marketing by \(channel.rawValue)"
    }
}

extension NotificationPreferences {
    /// - Parameter texts: as ``sql`` gives them.
    init(texts: [String]) {
        choices = texts.compactMap { text in
            let parts = text.split(separator: " ", maxSplits: 2)
            guard parts.count == 3, let channel = Channel(rawValue: String(parts[1])) else { return nil }
            return Choice(channel: channel, template: String(parts[2]), isAllowed: parts[0] == "+")
        }
    }

    /// An expression of the choices under one of the keys, for the `SELECT` list of a statement.
    ///
    /// - Parameter keys: SQL expressions; those of a recipient's own key first.
    static func sql(of keys: String...) -> String {
        """
        ARRAY(SELECT concat_ws(' ', CASE WHEN is_allowed THEN '+' ELSE '-' END, channel, template)
            FROM notification_preferences WHERE recipient IN (\(keys.joined(separator: ", "))) ORDER BY is_allowed)
        """
    }
}
