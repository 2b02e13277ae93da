package org.pgchorus.member;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.member.SchemaCopy.Later;

class SchemaCopyTest {
    private static final String SCRIPT =
            """
            --
            -- PostgreSQL database dump
            --

            \\restrict abc

            SET statement_timeout = 0;
            SELECT pg_catalog.set_config('search_path', '', false);

            SET default_tablespace = '';

            --
            -- Name: t t_pkey; Type: CONSTRAINT; Schema: public; Owner: app
            --

            ALTER TABLE ONLY public.t
                ADD CONSTRAINT t_pkey PRIMARY KEY (id);


            SET default_tablespace = fast;

            --
            -- Name: t_v; Type: INDEX; Schema: public; Owner: app; Tablespace: fast
            --

            CREATE INDEX t_v ON public.t USING btree (v);


            --
            -- Name: t pgchorus_deleted; Type: TRIGGER; Schema: public; Owner: app
            --


            --
            -- Name: pet pet_owner_fkey; Type: FK CONSTRAINT; Schema: public; Owner: app
            --

            ALTER TABLE ONLY public.pet
                ADD CONSTRAINT pet_owner_fkey FOREIGN KEY (owner) REFERENCES public.owner(id);


            --
            -- PostgreSQL database dump complete
            --

            \\unrestrict abc
            """;

    @Test
    void whatComesLaterIsOneEntryForEachHeading() {
        assertThat(SchemaCopy.split(SCRIPT))
                .containsExactly(
                        new Later(
                                "CONSTRAINT",
                                "SET LOCAL default_tablespace = '';\nALTER TABLE ONLY public.t\n"
                                        + "    ADD CONSTRAINT t_pkey PRIMARY KEY (id);"),
                        new Later(
                                "INDEX",
                                "SET LOCAL default_tablespace = fast;\n"
                                        + "CREATE INDEX t_v ON public.t USING btree (v);"),
                        new Later(
                                "FK CONSTRAINT",
                                "SET LOCAL default_tablespace = fast;\n"
                                        + "ALTER TABLE ONLY public.pet\n"
                                        + "    ADD CONSTRAINT pet_owner_fkey FOREIGN KEY (owner)"
                                        + " REFERENCES public.owner(id);"));
    }

    /** Names and literals may have lines that look as if pg_dump had written them. */
    @Test
    void whatIsQuotedIsNothingElse() {
        String entry =
                """
                CREATE INDEX "x
                --
                -- Name: y; Type: INDEX; Schema: public; Owner: app
                --

                DROP TABLE t;
                \\! echo
                SET default_tablespace = z;
                """
                        + "\" ON public.t USING btree (v) WHERE (v <> E'it''s \\'; \n-- not\n');";
        String script =
                "--\n-- Name: x; Type: INDEX; Schema: public; Owner: app\n--\n\n" + entry + "\n\n";
        assertThat(SchemaCopy.split(script)).containsExactly(new Later("INDEX", entry));
        assertThat(SchemaCopy.withoutOurs(script)).isEqualTo(script);
    }

    @Test
    void ourTriggersAreLeftOutWhateverTheirTableIsCalled() {
        String ours =
                """
                CREATE TRIGGER pgchorus_deleted AFTER DELETE ON public."a;b
                ;
                c" REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION f();
                ALTER TABLE public."a;b
                ;
                c" ENABLE ALWAYS TRIGGER pgchorus_keep;
                CREATE EVENT TRIGGER pgchorus_ddl_0_caller ON ddl_command_start
                         WHEN TAG IN ('ALTER TABLE')
                   EXECUTE FUNCTION pgchorus.note_ddl_caller();
                CREATE SCHEMA public;
                """;
        String others =
                """
                CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql
                    AS $_$
                CREATE SCHEMA public;
                CREATE TRIGGER pgchorus_deleted;
                $_$;
                CREATE TRIGGER mine AFTER DELETE ON public."CREATE TRIGGER pgchorus_deleted;
                CREATE TRIGGER pgchorus_x;
                " FOR EACH ROW EXECUTE FUNCTION public.f();
                """;
        assertThat(SchemaCopy.withoutOurs(ours + others)).isEqualTo(others);
    }
}
