import FlotillaLocalization
import FlotillaModels

/// Fills one text of a template with values.
struct TemplateRenderer {
    /// What is the same for all the texts of one notification.
    struct Setting {
        let template: String
        let language: MessageLocale
        let zone: NamedTimeZone
        /// That of times without an offset.
        let writtenIn: any LocalTimeZone
        let words: WordTable
        let values: JSONValue
    }

    /// Pieces that may be written; lists in lists end here.
    static let maximumSteps = 100_000

    private let setting: Setting
    /// What `notification.…` stands for.
    private let engine: JSONValue
    private var frames: [JSONValue]
    private var output: OutputText
    private var steps = 0

    static func render(
        _ nodes: [TemplateNode],
        in setting: Setting,
        engine: JSONValue = .null
    ) throws(TemplateError) -> [UInt8] {
        var renderer = TemplateRenderer(setting: setting, engine: engine, frames: [setting.values])
        try renderer.render(nodes)
        return renderer.output.bytes
    }

    private init(setting: Setting, engine: JSONValue, frames: [JSONValue]) {
        (self.setting, self.engine, self.frames) = (setting, engine, frames)
        output = OutputText(capacity: engine.isNull ? 256 : 12_288)
    }

    private mutating func render(_ nodes: [TemplateNode]) throws(TemplateError) {
        for node in nodes {
            steps += 1
            guard steps <= Self.maximumSteps else { throw error(.unsuitableVariable, nil, "the lists are too long") }
            switch node {
            case .text(let bytes):
                do throws(UnwritableValue) {
                    try output.write(template: bytes)
                } catch { throw self.error(.unsuitableVariable, nil, "the template \(error.text)") }
            case .variable(let variable): try write(variable)
            case .section(let reference, let isInverted, let inner):
                try render(reference, isInverted: isInverted, inner)
            }
        }
    }

    private mutating func render(
        _ reference: Reference,
        isInverted: Bool,
        _ inner: [TemplateNode]
    ) throws(TemplateError) {
        guard let value = value(of: reference), value.isShown else {
            if isInverted { try render(inner) }
            return
        }
        if isInverted { return }
        guard case .array(let elements) = value else { return try render(inner, with: value) }
        for element in elements { try render(inner, with: element) }
    }

    private mutating func render(_ inner: [TemplateNode], with value: JSONValue) throws(TemplateError) {
        steps += 1
        frames.append(value)
        try render(inner)
        frames.removeLast()
    }

    private mutating func write(_ variable: BoundVariable) throws(TemplateError) {
        let reference = variable.reference
        let value = value(of: reference) ?? .null
        if value.isBlank, variable.filter?.takesMissing != true { throw missing(reference) }
        do throws(UnwritableValue) {
            guard let filter = variable.filter else {
                let isOurs = reference.frame == Reference.engine
                return try output.write(plain(value), as: variable.escaping, isOurs: isOurs)
            }
            let text = try words(for: value, by: filter)
            if filter == .lines, variable.escaping == .content {
                try output.write(lines: text)
            } else {
                try output.write(text, as: variable.escaping)
            }
        } catch { throw self.error(.unsuitableVariable, reference, "\(reference.name) \(error.text)") }
    }

    private func words(for value: JSONValue, by filter: TextFilter) throws(UnwritableValue) -> String {
        let language = setting.language
        switch filter {
        case .date: return language.date(try moment(value).time)
        case .datetime:
            let moment = try moment(value)
            return moment.isDay ? language.date(moment.time) : language.datetime(moment.time, zone: setting.zone.city)
        case .time:
            let moment = try moment(value)
            guard !moment.isDay else { throw UnwritableValue(text: "is a day without a time") }
            return language.time(moment.time)
        case .number: return language.number(try decimal(value))
        case .duration: return try language.duration(minutes: decimal(value))
        case .plural(let one, let other): return language.isOne(try decimal(value)) ? one : other
        case .words: return try setting.words.text(for: plain(value), in: language)
        case .lines: return try plain(value)
        case .fallback(let text): return value.isBlank ? text : try plain(value)
        case .money(let currency): return try language.money(decimal(value), currency: word(currency))
        }
    }

    private func plain(_ value: JSONValue) throws(UnwritableValue) -> String {
        switch value {
        case .string(let text), .number(let text): return text
        case .boolean(let value): return value ? "true" : "false"
        case .array: throw UnwritableValue(text: "is a list, which is no text")
        case .members, .null: throw UnwritableValue(text: "is an object, which is no text")
        }
    }

    private func decimal(_ value: JSONValue) throws(UnwritableValue) -> DecimalNumber {
        guard let number = DecimalNumber(try plain(value)) else { throw UnwritableValue(text: "is no number") }
        return number
    }

    private func moment(_ value: JSONValue) throws(UnwritableValue) -> (time: LocalTime, isDay: Bool) {
        let text = try plain(value)
        let written =
            if case .number = value {
                Double(text).flatMap(EventTime.since1970).map { WrittenTime(moment: $0) }
            } else {
                WrittenTime(text)
            }
        let isDay = written?.kind == .day
        let local = written.flatMap { written in
            isDay
                ? NamedTimeZone.utc.local(at: written.microseconds)
                : setting.zone.local(at: written.moment(in: setting.writtenIn))
        }
        guard let local else {
            throw UnwritableValue(text: "is no time such as 2026-11-24T09:30:00Z")
        }
        return (local, isDay)
    }

    private func word(_ operand: Operand) throws(UnwritableValue) -> String {
        switch operand {
        case .literal(let text): return text
        case .reference(let reference):
            guard let value = value(of: reference), !value.isBlank else {
                throw UnwritableValue(text: "can't be shown: \(reference.name) is missing")
            }
            return try plain(value)
        }
    }

    private func value(of reference: Reference) -> JSONValue? {
        var value = reference.frame == Reference.engine ? engine : frames[reference.frame]
        for name in reference.path {
            guard let member = value[name] else { return nil }
            value = member
        }
        return value
    }

    private func missing(_ reference: Reference) -> TemplateError {
        error(.missingVariable, reference, "\(reference.name) is missing")
    }

    private func error(_ code: TemplateError.Code, _ reference: Reference?, _ problem: String) -> TemplateError {
        let place = reference.map { " (\($0.place))" } ?? ""
        return TemplateError(
            code: code,
            template: setting.template,
            variable: reference?.name,
            detail: "template \(setting.template)\(place): \(problem)"
        )
    }
}

extension JSONValue {
    /// Nothing that a reader would see.
    var isBlank: Bool {
        switch self {
        case .null: true
        case .string(let text): text.utf8.allSatisfy(\.isTemplateSpace)
        default: false
        }
    }

    /// Whether a section over it is shown: not for null, false, zero, and empty texts and lists.
    var isShown: Bool {
        switch self {
        case .boolean(let value): value
        case .array(let elements): !elements.isEmpty
        case .number(let text): Double(text) != 0
        default: !isBlank
        }
    }
}
