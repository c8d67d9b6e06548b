package import FlotillaModels
import FlotillaStorage

/// What the events seen so far say of a profile.
///
/// The record depends on which events were applied and on nothing else: not on their order, and not on how often each
/// came. Each field holds the value of the latest event that named it; a rejection empties the fields that were set
/// before it; the later of validation and rejection says whether the profile may be found, unless an update after the
/// validation says that it is in another state. So an update counts whether it comes before or after the validation, and
/// joining the records of two indexes gives that of both.
package struct ProfileRecord: Sendable, Hashable {
    package struct Written: Sendable, Hashable {
        package let value: JSONValue
        package let version: EventVersion
    }

    package let profileID: String
    /// All ids of the person that events have named, sorted.
    package private(set) var userIDs: [String] = []
    package private(set) var fields: [ProfileField: Written] = [:]
    /// The latest validation.
    package private(set) var validated: EventVersion?
    /// The latest rejection.
    package private(set) var rejected: EventVersion?
    /// The latest update that told of another state than validated.
    package private(set) var withdrawn: EventVersion?
    /// The latest update that told of the state validated. It ends a withdrawal, and validates nothing by itself.
    package private(set) var restored: EventVersion?
    /// The latest event of any kind.
    package private(set) var newest: EventVersion?
    /// The person has left: no event changes that any more.
    package private(set) var isDeleted = false

    package init(_ profileID: String) { self.profileID = profileID }

    /// For a record that is read back.
    init(
        _ profileID: String,
        userIDs: [String],
        fields: [ProfileField: Written],
        validated: EventVersion?,
        rejected: EventVersion?,
        withdrawn: EventVersion?,
        restored: EventVersion?,
        newest: EventVersion?
    ) {
        self.profileID = profileID
        self.userIDs = userIDs
        self.fields = fields
        self.validated = validated
        self.rejected = rejected
        self.withdrawn = withdrawn
        self.restored = restored
        self.newest = newest
    }

    /// Whether it may be found. A rejection of the same moment wins over a validation, and so does another state.
    package var isVisible: Bool {
        guard !isDeleted, let validated else { return false }
        if let rejected, rejected >= validated { return false }
        return withdrawn.map { $0 < max(validated, restored ?? validated) } ?? true
    }

    package var standing: Standing {
        if isDeleted { return .deleted }
        if isVisible { return .validated }
        guard let rejected else { return .unknown }
        let isRejected = validated.map { rejected >= $0 } ?? true
        return isRejected ? .rejected : .unknown
    }

    package mutating func apply(_ change: ProfileChange, _ kind: ProfileChange.Kind, _ version: EventVersion) {
        guard !isDeleted else { return }
        add(userIDs: change.userIDs)
        newest.raise(to: version)
        switch kind {
        case .validated: validated.raise(to: version)
        case .rejected: reject(version)
        case .updated:
            switch change.state {
            case .validated: restored.raise(to: version)
            case .other: withdrawn.raise(to: version)
            case nil: break
            }
        }
        for (field, value) in change.fields { write(field, Written(value: value, version: version)) }
    }

    /// Takes over what another record knows and this one does not.
    package mutating func join(_ other: ProfileRecord) {
        if other.isDeleted { delete() }
        guard !isDeleted else { return }
        add(userIDs: other.userIDs)
        if let version = other.newest { newest.raise(to: version) }
        if let version = other.validated { validated.raise(to: version) }
        if let version = other.rejected { reject(version) }
        if let version = other.withdrawn { withdrawn.raise(to: version) }
        if let version = other.restored { restored.raise(to: version) }
        for (field, written) in other.fields { write(field, written) }
    }

    /// Leaves nothing but the fact.
    package mutating func delete() {
        self = ProfileRecord(profileID)
        isDeleted = true
    }

    private mutating func reject(_ version: EventVersion) {
        rejected.raise(to: version)
        guard let rejected else { return }
        fields = fields.filter { $0.value.version > rejected }
    }

    private mutating func write(_ field: ProfileField, _ written: Written) {
        if let rejected, written.version <= rejected { return }
        if let present = fields[field] {
            guard present.version <= written.version else { return }
            // One message with two bodies is a publisher's mistake. Even so, everybody decides alike.
            if present.version == written.version, !(ExactText(present.value.json) < ExactText(written.value.json)) {
                return
            }
        }
        fields[field] = written
    }

    private mutating func add(userIDs new: [String]) {
        guard !new.isEmpty else { return }
        userIDs = Set((userIDs + new).map(ExactText.init)).sorted().map(\.text)
    }
}

extension ProfileRecord {
    /// How a profile stands, as `search_records` says it.
    package enum Standing: String, Sendable, CaseIterable {
        /// Known from updates only, or in another state since its validation.
        case unknown
        case validated, rejected, deleted
    }

    /// The fields that tell who it is, or the others.
    package func values(personal: Bool) -> ProfileFields {
        fields.filter { $0.key.isPersonal == personal }.mapValues(\.value)
    }
}

extension EventVersion? {
    fileprivate mutating func raise(to version: EventVersion) {
        if let present = self, present >= version { return }
        self = version
    }
}
