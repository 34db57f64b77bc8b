ALTER TABLE "domains" ADD COLUMN "respects_opt_out" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "domains" ADD COLUMN "geography" boolean DEFAULT false NOT NULL;