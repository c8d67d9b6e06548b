/// The search index. docs/search.md describes the tables.
///
/// `search_records` holds what the events say of each profile, names included; `search_profiles` holds what can be found
/// of those that may be found, without names. Both are partitioned by generation: one generation is active, and a
/// rebuild fills another one beside it, until a change of one row in `search_generations` makes that the active one.
///
/// Texts in `search_profiles` come without accents and capitals, which is the work of the writer, so that a text and a
/// query go through the same code.
enum SearchMigration {
    static let sql = functions + trigrams + tables + indexes + generations

    private static let functions = """
        CREATE FUNCTION search_vector(language text, title text, keywords text, context text, body text)
        RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN CASE WHEN language IS DISTINCT FROM 'en' THEN
                setweight(to_tsvector('pg_catalog.french', title), 'A')
                || setweight(to_tsvector('pg_catalog.french', keywords), 'B')
                || setweight(to_tsvector('pg_catalog.french', context), 'C')
                || setweight(to_tsvector('pg_catalog.french', body), 'D')
            ELSE ''::tsvector END
            || CASE WHEN language IS DISTINCT FROM 'fr' THEN
                setweight(to_tsvector('pg_catalog.english', title), 'A')
                || setweight(to_tsvector('pg_catalog.english', keywords), 'B')
                || setweight(to_tsvector('pg_catalog.english', context), 'C')
                || setweight(to_tsvector('pg_catalog.english', body), 'D')
            ELSE ''::tsvector END;

        -- Called when a profile that was new a moment ago is new no more: the transaction is run again.
        CREATE FUNCTION search_lost_race() RETURNS bigint LANGUAGE plpgsql AS $function$
        BEGIN
            RAISE EXCEPTION 'another batch made the same profile' USING ERRCODE = 'serialization_failure';
        END
        $function$;

        """

    /// The extension belongs to the database and may be in any schema. Without it words with typos find nothing.
    private static let trigrams = """
        DO $block$
        DECLARE
            place text := CASE WHEN to_regnamespace('public') IS NULL THEN current_schema() ELSE 'public' END;
        BEGIN
            BEGIN
                EXECUTE format('CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA %I', place);
            EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
                RAISE WARNING 'no pg_trgm: searches do not forgive typos';
            END;
            SELECT quote_ident(nspname) INTO place FROM pg_extension
                JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm';
            IF FOUND THEN
                EXECUTE format(
                    'CREATE FUNCTION search_resembles(text text, word text) RETURNS boolean LANGUAGE sql STABLE '
                    'PARALLEL SAFE AS $f$ SELECT text OPERATOR(%s.%%>) word $f$', place);
                EXECUTE format(
                    'CREATE FUNCTION search_resemblance(text text, word text) RETURNS real LANGUAGE sql IMMUTABLE '
                    'PARALLEL SAFE AS $f$ SELECT %s.word_similarity(word, text) $f$', place);
            ELSE
                CREATE FUNCTION search_resembles(text text, word text) RETURNS boolean LANGUAGE sql STABLE
                    PARALLEL SAFE AS 'SELECT false';
                CREATE FUNCTION search_resemblance(text text, word text) RETURNS real LANGUAGE sql IMMUTABLE
                    PARALLEL SAFE AS 'SELECT 0::real';
            END IF;
        END
        $block$;

        """

    private static let tables = """
        CREATE TABLE search_generations (
            generation integer NOT NULL CONSTRAINT pk_search_generations PRIMARY KEY,
            state text NOT NULL CONSTRAINT ck_search_generations_state CHECK (state IN ('active', 'building')),
            replayed bigint NOT NULL DEFAULT 0,
            to_replay bigint NOT NULL DEFAULT 0,
            created_at timestamptz NOT NULL DEFAULT now(),
            progressed_at timestamptz NOT NULL DEFAULT now(),
            activated_at timestamptz
        );
        CREATE UNIQUE INDEX uk_search_generations_state ON search_generations (state);
        CREATE SEQUENCE search_generation_numbers AS integer;
        CREATE SEQUENCE search_versions;

        CREATE TABLE search_deleted_users (
            user_id text NOT NULL CONSTRAINT pk_search_deleted_users PRIMARY KEY,
            recorded_at timestamptz NOT NULL DEFAULT now()
        );

        CREATE TABLE search_records (
            generation integer NOT NULL,
            profile_id text NOT NULL,
            user_ids text[] NOT NULL,
            standing text NOT NULL CONSTRAINT ck_search_records_standing CHECK (
                standing IN ('unknown', 'validated', 'rejected', 'deleted')),
            event_at timestamptz,
            personal text NOT NULL,
            fields text NOT NULL,
            versions text NOT NULL,
            revision bigint NOT NULL,
            updated_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_search_records PRIMARY KEY (generation, profile_id)
        ) PARTITION BY LIST (generation);

        CREATE TABLE search_profiles (
            generation integer NOT NULL,
            profile_id text NOT NULL,
            language text,
            title text NOT NULL,
            keywords text NOT NULL,
            context text NOT NULL,
            body text NOT NULL,
            skills text[] NOT NULL,
            sector text,
            experience_years double precision,
            score double precision,
            event_at timestamptz NOT NULL,
            vector tsvector NOT NULL GENERATED ALWAYS AS (
                search_vector(language, title, keywords, context, body)) STORED,
            CONSTRAINT pk_search_profiles PRIMARY KEY (generation, profile_id)
        ) PARTITION BY LIST (generation);
        -- Ranking reads the vectors of all that matches: they stay in the row, and the texts, which no search reads, do not.
        ALTER TABLE search_profiles ALTER vector SET STORAGE MAIN, ALTER body SET STORAGE EXTERNAL,
            ALTER context SET STORAGE EXTERNAL, ALTER keywords SET STORAGE EXTERNAL, ALTER title SET STORAGE EXTERNAL;

        """

    private static let indexes = """
        CREATE INDEX idx_search_records_user_ids ON search_records USING gin (user_ids);
        CREATE INDEX idx_search_records_updated_at ON search_records USING brin (updated_at);
        CREATE INDEX idx_search_profiles_vector ON search_profiles USING gin (vector);
        CREATE INDEX idx_search_profiles_skills ON search_profiles USING gin (skills);
        CREATE INDEX idx_search_profiles_score ON search_profiles (
            (coalesce(score, '-Infinity')) DESC, profile_id);
        CREATE INDEX idx_search_profiles_experience_years ON search_profiles (
            (coalesce(experience_years, '-Infinity')) DESC, profile_id);
        CREATE INDEX idx_search_profiles_event_at ON search_profiles (event_at DESC, profile_id);
        DO $block$
        DECLARE
            place text;
        BEGIN
            SELECT quote_ident(nspname) INTO place FROM pg_extension
                JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm';
            IF FOUND THEN
                EXECUTE format(
                    'CREATE INDEX idx_search_profiles_trigrams ON search_profiles '
                    'USING gin ((title || '' '' || keywords) %s.gin_trgm_ops)', place);
            END IF;
        END
        $block$;

        """

    private static let generations = """
        CREATE FUNCTION search_add_generation(state text) RETURNS integer LANGUAGE plpgsql AS $function$
        DECLARE
            number integer := nextval('search_generation_numbers');
            parent text;
        BEGIN
            FOREACH parent IN ARRAY ARRAY['search_records', 'search_profiles'] LOOP
                EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', parent || '_' || number, parent);
                EXECUTE format(
                    'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%L)', parent, parent || '_' || number, number);
            END LOOP;
            INSERT INTO search_generations (generation, state, activated_at)
                VALUES (number, state, CASE state WHEN 'active' THEN now() END);
            RETURN number;
        END
        $function$;

        CREATE FUNCTION search_drop_generation(number integer) RETURNS void LANGUAGE plpgsql AS $function$
        BEGIN
            EXECUTE format('DROP TABLE %I, %I', 'search_records_' || number, 'search_profiles_' || number);
            DELETE FROM search_generations WHERE generation = number;
        END
        $function$;

        SELECT search_add_generation('active');
        """
}
