"""Sample profiles: `profile.validated` events of about 1.2 KB, the same ones for the same numbers."""

import itertools
import json
import random

from sample import message_id

SKILLS = (
    "Swift,PostgreSQL,RabbitMQ,Redis,Linux,Docker,Kubernetes,Python,Java,Kotlin,C++,C#,.NET,Go,Rust,TypeScript,React,Angular,Vue,"
    "Node.js,SQL,MongoDB,Elasticsearch,Kafka,AWS,Azure,Terraform,Ansible,Git,Scrum,Gestion de projet,Comptabilité,Audit interne,"
    "Contrôle de gestion,Négociation,Prospection,Recrutement,Paie,Droit du travail,Anglais courant,Espagnol,Allemand,Soudure TIG,"
    "Électrotechnique,Maintenance industrielle,Lean management,Data analysis,Machine learning,UX design,Rédaction technique"
).split(",")
TITLES = (
    "Développeuse Swift,Développeur Java,Ingénieur système,Ingénieure données,Chef de projet,Directrice financière,Comptable,"
    "Contrôleur de gestion,Commerciale terrain,Responsable recrutement,Juriste social,Soudeur,Électricienne,Technicien de maintenance,"
    "Software engineer,Backend developer,Data scientist,Product manager,Site reliability engineer,UX designer"
).split(",")
GRADES = "junior,confirmé,expérimentée,senior,principal,stagiaire".split(",")
SECTORS = "Informatique,Banque,Assurance,Santé,Énergie,Transport,Industrie,Commerce,Éducation,Public,Conseil,Télécoms".split(",")
CITIES = "Lyon,Paris,Marseille,Nantes,Lille,Toulouse,Bordeaux,Rennes,Strasbourg,Grenoble,Bruxelles,Genève,Montréal,Dakar,Tunis".split(",")
SYLLABLES = "dé,ve,lop,mar,ché,in,té,gra,ti,on,sys,tème,ré,so,lu,pro,jet,con,duit,é,qui,pe,ma,na,ger,cli,ent,me,sur,ra,por,fi,nan,ce".split(",")

# Words by rank: few are frequent and most are rare, as in any text.
_vocabulary = random.Random(7)
WORDS = ["".join(_vocabulary.choices(SYLLABLES, k=_vocabulary.randint(1, 5))) for _ in range(8_000)]
WEIGHTS = [1 / (rank + 3) for rank in range(len(WORDS))]
CUMULATIVE = list(itertools.accumulate(WEIGHTS))


def event(sequence: int) -> dict:
    chance = random.Random(sequence)

    def text(words: int) -> str:
        return " ".join(chance.choices(WORDS, cum_weights=CUMULATIVE, k=words)).capitalize() + "."

    return {
        "profileId": f"profile-{sequence:08d}",
        "userId": f"user-{sequence:08d}",
        "occurredAt": f"2026-11-03T10:{sequence // 60_000 % 60:02d}:{sequence // 1000 % 60:02d}.{sequence % 1000:03d}Z",
        "firstName": f"Prénom{sequence % 977}",
        "lastName": f"Nom{sequence}",
        "email": f"personne{sequence}@example.org",
        "title": f"{chance.choice(TITLES)} {chance.choice(GRADES)}",
        "summary": text(40),
        "sector": chance.choice(SECTORS),
        "location": chance.choice(CITIES),
        "language": chance.choice(["fr", "fr", "en", None]),
        "skills": chance.sample(SKILLS, 6),
        "experienceYears": chance.randint(0, 25),
        "experiences": [
            {"title": chance.choice(TITLES), "company": f"Société {chance.randint(1, 5000)}", "description": text(20)} for _ in range(2)
        ],
        "education": [{"degree": "Master", "field": text(3)}],
        "score": chance.randint(0, 50) / 10,
    }


def body(sequence: int) -> bytes:
    return json.dumps(event(sequence), ensure_ascii=False, separators=(",", ":")).encode()


def identifier(sequence: int) -> str:
    return message_id(sequence)


def query(chance: random.Random) -> dict[str, str]:
    """What somebody may search for: mostly a trade or skills, often with a filter."""
    kinds = [
        lambda: {"q": chance.choice(TITLES)},
        lambda: {"q": f"{chance.choice(TITLES)} {chance.choice(SKILLS)}"},
        lambda: {"q": chance.choice(SKILLS), "sector": chance.choice(SECTORS)},
        lambda: {"q": " ".join(chance.choices(WORDS[20:2_000], k=2))},
        lambda: {"skills": ",".join(chance.sample(SKILLS, 2)), "experience": f"{chance.randint(0, 10)}-"},
        lambda: {"sector": chance.choice(SECTORS), "sort": "score", "score": "4-"},
        lambda: {"q": chance.choice(TITLES)[:-3] + "xe" + chance.choice(TITLES)[-2:]},
        lambda: {"q": f"{chance.choice(TITLES)} -{chance.choice(SKILLS).split()[0]}"},
    ]
    return chance.choices(kinds, weights=[25, 20, 15, 10, 12, 8, 5, 5])[0]()
