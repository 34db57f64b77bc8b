-- Each link has its row of link_hits from the start, so that a walk in the order of hits visits one index.
CREATE FUNCTION "create_link_hits"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "link_hits" ("link_id") SELECT "id" FROM "created" ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "links_create_link_hits" AFTER INSERT ON "links" REFERENCING NEW TABLE AS "created"
	FOR EACH STATEMENT EXECUTE FUNCTION "create_link_hits"();--> statement-breakpoint
INSERT INTO "link_hits" ("link_id") SELECT "id" FROM "links" ON CONFLICT DO NOTHING;
