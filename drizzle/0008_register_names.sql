-- By hand: rows that wait keep their place, and the view is unknown to Drizzle. Settings had the empty code.
DROP VIEW "registers";--> statement-breakpoint
ALTER TABLE "cache_outbox" DROP CONSTRAINT "cache_outbox_domain_code_pk";--> statement-breakpoint
ALTER TABLE "settled_edits" DROP CONSTRAINT "settled_edits_domain_code_pk";--> statement-breakpoint
ALTER TABLE "cache_outbox" ADD COLUMN "name" text;--> statement-breakpoint
ALTER TABLE "settled_edits" ADD COLUMN "name" text;--> statement-breakpoint
UPDATE "cache_outbox" SET "name" = CASE "code" WHEN '' THEN "domain" ELSE "domain" || '/' || "code" END;--> statement-breakpoint
UPDATE "settled_edits" SET "name" = CASE "code" WHEN '' THEN "domain" ELSE "domain" || '/' || "code" END;--> statement-breakpoint
ALTER TABLE "cache_outbox" ADD PRIMARY KEY ("name");--> statement-breakpoint
ALTER TABLE "settled_edits" ADD PRIMARY KEY ("name");--> statement-breakpoint
ALTER TABLE "cache_outbox" DROP COLUMN "domain";--> statement-breakpoint
ALTER TABLE "cache_outbox" DROP COLUMN "code";--> statement-breakpoint
ALTER TABLE "settled_edits" DROP COLUMN "domain";--> statement-breakpoint
ALTER TABLE "settled_edits" DROP COLUMN "code";
