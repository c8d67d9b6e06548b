@testable import FlotillaIndexing
import FlotillaModels
import Testing

struct AnonymiserTests {
    let anonymiser = Anonymiser([
        .firstName: .string("Zoé"), .lastName: .string("Le-Goff Müller"), .phone: .string("+33 6 12 34 56 78"),
    ])

    @Test(arguments: [
        ("Je suis Zoé MULLER.", "Je suis … …."), ("zoe, legoff, Le Goff-Müller", "…, legoff, Le …-…"),
        ("Écrire à z.x+y@mail.example.org, merci", "Écrire à …, merci"), ("moi@chez.", "moi@chez."), ("@ a@b", "@ a@b"),
        ("Tél. 06.12.34.56.78 ou +44 (20) 7946-0958!", "Tél. … ou …!"), ("Appelez le 612345678", "Appelez le …"),
        ("De 2010 à 2015, 150 000 € et 10 ans", "De 2010 à 2015, 150 000 € et 10 ans"),
        ("2010 2012 2015 2018", "2010 2012 2015 2018"),
        ("https://réseau.example/in/zoe-muller", "https://réseau.example/in/…-…"),
        ("Le projet", "Le projet"), ("", ""), ("Zoélie et Mullerin", "Zoélie et Mullerin"),
    ])
    func `names, addresses and numbers are taken out, and nothing else`(text: String, clean: String) {
        #expect(anonymiser.clean(text) == clean)
    }

    @Test func `strings are cleaned at every depth, and names of members are not`() throws {
        let value = JSONValue.members([
            .init(
                name: "zoe",
                value: .array([.string("Zoé"), .number("1"), .members([.init(name: "a", value: .string("Zoé!"))])])
            )
        ])
        #expect(anonymiser.clean(value).json == #"{"zoe":["…",1,{"a":"…!"}]}"#)
    }

    @Test func `without names it still takes out addresses`() {
        #expect(Anonymiser([:]).clean("Zoé, z@x.fr") == "Zoé, …")
    }
}
