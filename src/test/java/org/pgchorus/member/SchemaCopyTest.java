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
}
